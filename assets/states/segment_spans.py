"""Which segment values each customer has, and from when to when: joined once, never coded per table.

Users have none that change, besides tenure by the day of their first event: those are in `people`.
"""

from __future__ import annotations

import polars as pl

from assets.once import once
from assets.states.plan_spans import NO_PLAN
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL, UNKNOWN, Column, Table

BASES = ("orders", "subscription", "usage")
NEW_FOR_DAYS = 90

table = Table(
    name="segment_spans",
    description="The value of every segment of every customer, as half-open spans of days.",
    layer="states",
    grain=(
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("basis", pl.String, "The basis that the value is for; null: any.", "basis", nullable=True),
        Column("segment", pl.String, "The dimension; `all` is everybody.", "dimension"),
        Column("start_day", pl.Date, "The first day of the value; null: always before.", "day", nullable=True),
    ),
    columns=(
        Column("end_day", pl.Date, "The first day without the value; null: for good.", "day", nullable=True),
        Column("segment_value", pl.String, "The value; `unknown` where it is missing.", "value"),
    ),
    partitioning="shard",
    unit="person",
    sources=("orders", "subscriptions", "events"),
)


def build(
    people: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    plan_spans: pl.LazyFrame,
    value_tiers: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Spans of `all`, of each dimension that a customer keeps for good, and of those that change in time."""
    customers = once(people.filter(pl.col("kind") == "customer").select("person", *settings.dimensions))
    parts = [_kept(customers, SEGMENT_ALL, pl.lit(SEGMENT_ALL))]
    parts += [_kept(customers, dimension, pl.col(dimension)) for dimension in settings.dimensions]
    everybody = customers.select("person")
    parts.append(_tenure(everybody, activity_spans))
    if "subscriptions" in settings.sources:
        parts.append(_changing(everybody, plan_spans.rename({"plan": "segment_value"}), "plan", NO_PLAN))
    if settings.sources & {"orders", "subscriptions"}:
        tiers = value_tiers.select("person", "start_day", segment_value="tier")
        parts.append(_changing(everybody, tiers, "value_tier", UNKNOWN))
    return pl.concat(parts, how="diagonal")


def _kept(customers: pl.LazyFrame, segment: str, value: pl.Expr) -> pl.LazyFrame:
    return customers.select(
        "person",
        basis=pl.lit(None, pl.String),
        segment=pl.lit(segment),
        segment_value=value,
        start_day=pl.lit(None, pl.Date),
        end_day=pl.lit(None, pl.Date),
    )


def _tenure(customers: pl.LazyFrame, activity_spans: pl.LazyFrame) -> pl.LazyFrame:
    """`new` until 90 days after the first active day of the basis."""
    bases = pl.LazyFrame({"basis": BASES})
    first = activity_spans.group_by("basis", "person").agg(since=pl.col("start_day").min())
    known = customers.join(bases, how="cross").join(first, on=["basis", "person"], how="left")
    turn = pl.col("since") + pl.duration(days=NEW_FOR_DAYS)
    young = known.with_columns(segment_value=pl.lit("new"), start_day=pl.lit(None, pl.Date), end_day=turn)
    old = known.filter(pl.col("since").is_not_null()).with_columns(
        segment_value=pl.lit("established"), start_day=turn, end_day=pl.lit(None, pl.Date)
    )
    return pl.concat([young, old]).with_columns(segment=pl.lit("tenure")).drop("since")


def _changing(customers: pl.LazyFrame, points: pl.LazyFrame, segment: str, before: str) -> pl.LazyFrame:
    """Spans from the days on which a value begins; until the first of them it is `before`."""
    ends = points.sort("start_day").with_columns(end_day=pl.col("start_day").shift(-1).over("person"))
    first = points.group_by("person").agg(end_day=pl.col("start_day").min())
    earlier = customers.join(first, on="person", how="left").with_columns(
        segment_value=pl.lit(before), start_day=pl.lit(None, pl.Date)
    )
    later = customers.join(ends.select("person", "segment_value", "start_day", "end_day"), on="person")
    return pl.concat([earlier, later], how="diagonal").with_columns(
        segment=pl.lit(segment), basis=pl.lit(None, pl.String)
    )
