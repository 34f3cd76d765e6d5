"""On which days each user did something."""

from __future__ import annotations

import polars as pl

from assets.daily_counts import added_up, events_by_day
from warehouse.table import Column, Table

table = Table(
    name="user_days",
    description="The days on which each user had at least one event.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the user.", "shard"),
        Column("person", pl.UInt32, "The user's code in its shard.", "code"),
        Column("day", pl.Date, "The business day.", "day"),
    ),
    columns=(Column("events", pl.Int64, "Events of the user on that day.", "events", minimum=1),),
    partitioning="shard/month",
    unit="person",
    sources=("events",),
)


def build(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per user and day with an event."""
    return events_by_day(events, "shard", "user")


def amended(before: pl.LazyFrame, gone: pl.LazyFrame, come: pl.LazyFrame) -> pl.LazyFrame:
    """Events add up."""
    return added_up(before, gone, come, ["shard", "person", "day"], ["events"])
