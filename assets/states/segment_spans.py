"""Which segment values each person has, and from when to when: joined once, never coded per table."""

from __future__ import annotations

import polars as pl

from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL, Column, Table

table = Table(
    name="segment_spans",
    description="The value of every segment of every person, as half-open spans of days.",
    layer="states",
    grain=(
        Column("kind", pl.String, "user or customer.", "kind", allowed=("user", "customer")),
        Column("person", pl.UInt32, "The person's code in its shard.", "code"),
        Column("segment", pl.String, "The dimension; `all` is everybody.", "dimension"),
        Column("start_day", pl.Date, "The first day of the value; null: always before.", "day", nullable=True),
    ),
    columns=(
        Column("end_day", pl.Date, "The first day without the value; null: for good.", "day", nullable=True),
        Column("segment_value", pl.String, "The value; `unknown` where it is missing.", "value"),
    ),
    partitioning="shard",
    sources=("orders", "subscriptions", "events"),
)


def build(people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Spans of `all` and of each dimension that a person keeps for good."""
    always = {"start_day": pl.lit(None, pl.Date), "end_day": pl.lit(None, pl.Date)}
    everybody = people.select(
        "kind", "person", segment=pl.lit(SEGMENT_ALL), segment_value=pl.lit(SEGMENT_ALL), **always
    )
    return pl.concat(
        [everybody]
        + [
            people.select("kind", "person", segment=pl.lit(dimension), segment_value=pl.col(dimension), **always)
            for dimension in settings.dimensions
        ]
    )
