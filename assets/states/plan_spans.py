"""Which plan each customer is on: the one with the largest MRR at the end of each day.

Source: docs/metrics.md section 7.
"""

from __future__ import annotations

import polars as pl

from assets.conversion import rated
from warehouse.settings import Settings
from warehouse.table import UNKNOWN, Column, Table

NO_PLAN = "none"

table = Table(
    name="plan_spans",
    description="Half-open spans of days on which a customer's largest plan is the same; `none` without MRR.",
    layer="states",
    grain=(
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("start_day", pl.Date, "The first day of the plan.", "day"),
    ),
    columns=(Column("plan", pl.String, "The plan; `none` without MRR, `unknown` where it has no name.", "plan"),),
    partitioning="shard",
    unit="person",
    sources=("subscriptions",),
)


def build(subscription_mrr: pl.LazyFrame, all_fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row per customer and day on which its largest plan becomes another; ties go to the first by name.

    Amounts in several currencies are compared in the reporting currency at the day's rate, else as plain numbers.
    """
    held = subscription_mrr.select("person", "currency", "subscription_id", "day", "mrr", plan=_named())
    days = _days_to_look_at(held, all_fx_rates, settings)
    standing = _standing(days, held)
    largest = (
        rated(standing, all_fx_rates, pl.col("day"), settings)
        .group_by("person", "day", "plan")
        .agg(worth=(pl.col("mrr") * pl.col("rate")).sum())
        .with_columns(plan=pl.when(pl.col("worth") > 0).then("plan").otherwise(pl.lit(NO_PLAN)))
        .sort("day", "worth", "plan", descending=[False, True, False])
        .unique(["person", "day"], keep="first", maintain_order=True)
    )
    is_same = pl.col("plan") == pl.col("plan").shift(1).over("person")
    return largest.filter(~is_same.fill_null(False)).rename({"day": "start_day"})


def _named() -> pl.Expr:
    return pl.col("plan").fill_null(UNKNOWN)


def _days_to_look_at(held: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The days on which a customer's largest plan may change: those of its changes and, with several currencies, those
    of the rates."""
    changes = held.select("person", "day").unique()
    if settings.reporting_currency is None:
        return changes
    several = held.group_by("person").agg(pl.col("currency").n_unique()).filter(pl.col("currency") > 1)
    revalued = several.select("person").join(fx_rates.select("day"), how="cross")
    return pl.concat([changes, revalued]).unique()


def _standing(days: pl.LazyFrame, held: pl.LazyFrame) -> pl.LazyFrame:
    """What each subscription is worth at the end of each of the days: person, day, currency, plan, mrr."""
    subscriptions = held.select("person", "currency", "subscription_id").unique()
    return (
        days.join(subscriptions, on="person")
        .sort("day")
        .join_asof(
            held.sort("day"),
            on="day",
            by=["person", "currency", "subscription_id"],
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("mrr").is_not_null())
    )
