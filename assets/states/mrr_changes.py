"""How each customer's recurring revenue moved, day by day and currency by currency: the ledger behind all MRR."""

from __future__ import annotations

import polars as pl

from assets.once import once
from assets.states.subscription_mrr import TYPES
from warehouse.table import UNKNOWN, Column, Table

OWNER = ["person", "currency"]
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")

table = Table(
    name="mrr_changes",
    description="End-of-day MRR of each customer and currency before and after each day on which it changed.",
    layer="states",
    grain=(
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
        Column("day", pl.Date, "The day of the change.", "day"),
    ),
    columns=(
        Column("before", pl.Int64, "MRR at the end of the day before.", "1/10000 of the currency", minimum=0),
        Column("after", pl.Int64, "MRR at the end of the day.", "1/10000 of the currency", minimum=0),
        Column("movement", pl.String, "What the change is called.", "movement", allowed=MOVEMENTS),
        Column("plan", pl.String, "The plan left, for churn; else the largest after.", "plan", nullable=True),
        Column("churn_type", pl.String, "For churn: its type.", "type", nullable=True, allowed=TYPES),
        Column("churn_reason", pl.String, "For churn: its reason.", "reason", nullable=True),
        Column("subscription_left", pl.String, "The largest subscription that ended.", "id", nullable=True),
        Column("mrr_left", pl.Int64, "Its MRR the day before.", "1/10000 of the currency", nullable=True),
    ),
    partitioning="shard",
    unit="person",
    sources=("subscriptions",),
)


def build(subscription_mrr: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer, currency and day on which the sum over its subscriptions changed."""
    subscription = [*OWNER, "subscription_id"]
    points = once(
        subscription_mrr.select(*subscription, "day", "mrr", "plan", "churn_type", "churn_reason")
        .sort("day")
        .with_columns(
            mrr_before=pl.col("mrr").shift(1).over(subscription).fill_null(0),
            plan_before=pl.col("plan").shift(1).over(subscription),
        )
    )
    totals = once(
        points.group_by(*OWNER, "day")
        .agg(change=(pl.col("mrr") - pl.col("mrr_before")).sum())
        .sort("day")
        .with_columns(after=pl.col("change").cum_sum().over(OWNER))
        .with_columns(before=pl.col("after") - pl.col("change"))
        .with_columns(movement=_movement())
        .filter(pl.col("change") != 0)
    )
    return (
        totals.join(_endings(points), on=[*OWNER, "day"], how="left")
        .join(_largest_plans(points, totals), on=[*OWNER, "day"], how="left")
        .with_columns(is_churn=pl.col("movement") == "churn")
        .with_columns(
            plan=pl.when("is_churn").then("plan_left").otherwise("plan_largest"),
            churn_type=pl.when("is_churn").then("churn_type"),
            churn_reason=pl.when("is_churn").then("churn_reason"),
            subscription_left=pl.when("is_churn").then("subscription_left"),
            mrr_left=pl.when("is_churn").then("mrr_left"),
        )
    )


def _movement() -> pl.Expr:
    was_paid = (pl.col("after") > 0).cast(pl.Int32).cum_sum().over(OWNER) > 1
    return (
        pl.when((pl.col("before") == 0) & was_paid)
        .then(pl.lit("reactivation"))
        .when(pl.col("before") == 0)
        .then(pl.lit("new"))
        .when(pl.col("after") == 0)
        .then(pl.lit("churn"))
        .when(pl.col("after") > pl.col("before"))
        .then(pl.lit("expansion"))
        .otherwise(pl.lit("contraction"))
    )


def _endings(points: pl.LazyFrame) -> pl.LazyFrame:
    """Of the subscriptions that changed on a day, the one with the largest MRR before it; then the lowest id. On a day
    of churn it ended."""
    return (
        points.sort("mrr_before", "subscription_id", descending=[True, False])
        .unique([*OWNER, "day"], keep="first", maintain_order=True)
        .select(
            *(*OWNER, "day", "churn_type", "churn_reason"),
            plan_left="plan_before",
            subscription_left="subscription_id",
            mrr_left="mrr_before",
        )
    )


def _largest_plans(points: pl.LazyFrame, totals: pl.LazyFrame) -> pl.LazyFrame:
    """The plan with the largest MRR at the end of each day of change; then the first by name."""
    subscriptions = points.select(*OWNER, "subscription_id").unique()
    by = [*OWNER, "subscription_id"]
    wanted = totals.select(*OWNER, "day").join(subscriptions, on=OWNER)
    held = points.select(*OWNER, "subscription_id", "day", "mrr", plan_largest="plan")
    return (
        wanted.sort("day")
        .join_asof(held.sort("day"), on="day", by=by, strategy="backward", check_sortedness=False)
        .group_by(*OWNER, "day", "plan_largest")
        .agg(pl.col("mrr").sum())
        .with_columns(name=pl.col("plan_largest").fill_null(UNKNOWN))
        .sort("mrr", "name", descending=[True, False])
        .unique([*OWNER, "day"], keep="first", maintain_order=True)
        .select(*OWNER, "day", "plan_largest")
    )
