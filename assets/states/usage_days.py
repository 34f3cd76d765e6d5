"""On which days each customer used the product, through any of its users."""

from __future__ import annotations

import polars as pl

from assets.daily_counts import added_up, events_by_day
from warehouse.table import Column, Table

table = Table(
    name="usage_days",
    description="The days on which each customer named in events had at least one event.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the customer.", "shard"),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("day", pl.Date, "The business day.", "day"),
    ),
    columns=(Column("events", pl.Int64, "Events of the customer on that day.", "events", minimum=1),),
    partitioning="shard/month",
    unit="person",
    sources=("events",),
)


def build(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer and day with an event."""
    return events_by_day(events, "customer_shard", "customer")


def amended(before: pl.LazyFrame, gone: pl.LazyFrame, come: pl.LazyFrame) -> pl.LazyFrame:
    """Events add up."""
    return added_up(before, gone, come, ["shard", "person", "day"], ["events"])
