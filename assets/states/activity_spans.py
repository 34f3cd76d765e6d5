"""From when to when each customer was active, on each basis: the one idea under churn, retention and value.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from assets.conversion import rated
from assets.states.subscription_mrr import TYPES
from warehouse.settings import Settings
from warehouse.table import UNKNOWN, Column, Remembered, Table

table = Table(
    name="activity_spans",
    description="Half-open spans of days on which a customer is active: by MRR, by recent orders, by recent usage.",
    layer="states",
    grain=(
        Column(
            "basis", pl.String, "What makes a customer active.", "basis", allowed=("orders", "subscription", "usage")
        ),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("start_day", pl.Date, "The first active day.", "day"),
    ),
    columns=(
        Column("end_day", pl.Date, "The first day no longer active; null: still open.", "day", nullable=True),
        Column("churn_type", pl.String, "Why it ended.", "type", allowed=TYPES),
        Column("churn_reason", pl.String, "The reason given.", "reason", nullable=True),
    ),
    partitioning="shard",
    unit="person",
    sources=("orders", "subscriptions", "events"),
)


def build(
    order_days: pl.LazyFrame,
    usage_days: pl.LazyFrame,
    mrr_changes: pl.LazyFrame,
    all_fx_rates: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """The spans of every basis; within one basis a customer's spans neither overlap nor touch."""
    return pl.concat(
        [
            covered_spans(order_days, settings.orders_window_days).with_columns(basis=pl.lit("orders")),
            covered_spans(usage_days, settings.usage_window_days).with_columns(basis=pl.lit("usage")),
            _paying_spans(mrr_changes, all_fx_rates, settings).with_columns(basis=pl.lit("subscription")),
        ]
    ).select([column.name for column in table.all_columns])


def covered_spans(days: pl.LazyFrame, window_days: int) -> pl.LazyFrame:
    """Each day covers `window_days` days from itself on; pieces that overlap or touch are one span."""
    window = pl.duration(days=window_days)
    is_first = (pl.col("day") > pl.col("day").shift(1).over("person") + window).fill_null(True)
    return (
        days.select("person", "day")
        .sort("day")
        .with_columns(span=is_first.cast(pl.UInt32).cum_sum().over("person"))
        .group_by("person", "span")
        .agg(start_day=pl.col("day").min(), end_day=pl.col("day").max() + window)
        .with_columns(churn_type=pl.lit(UNKNOWN), churn_reason=pl.lit(None, pl.String))
        .drop("span")
    )


def _days_before(basis: str, window_of: Callable[[Settings], int]) -> Remembered:
    """Days before a day that cover what a customer's spans of a basis cover there: not each day on which it did
    something, but one in each window.

    Where a span goes on, days of the window after them are read again and do not change: when exactly the customer was
    last active before those makes no difference.
    """

    def days(spans: pl.LazyFrame, day: date, settings: Settings) -> pl.LazyFrame:
        window = window_of(settings)
        earlier = spans.filter(pl.col("basis") == basis, pl.col("start_day") < day)
        last = pl.min_horizontal(pl.col("end_day") - pl.duration(days=window), pl.lit(day - timedelta(days=1)))
        in_each_window = pl.date_ranges("start_day", last, f"{window}d")
        return earlier.select("person", day=pl.concat_list(in_each_window, last)).explode("day", empty_as_null=False)

    return Remembered(days, window_of)


REMEMBERED = {
    "order_days": _days_before("orders", lambda settings: settings.orders_window_days),
    "usage_days": _days_before("usage", lambda settings: settings.usage_window_days),
}


def _paying_spans(mrr_changes: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Consecutive days with MRR in any currency; of all that ended on the last the largest, then the lowest id, gives
    the type. Several currencies are compared at the rate of the day before, else as plain numbers."""
    day_before = pl.col("day").dt.offset_by("-1d")
    totals = (
        rated(mrr_changes, fx_rates, day_before, settings)
        .with_columns(worth=pl.col("mrr_left") * pl.col("rate"))
        .sort("day", "worth", "subscription_left", descending=[False, True, False], nulls_last=True)
        .group_by("person", "day", maintain_order=True)
        .agg(
            (pl.col("after") - pl.col("before")).sum().alias("change"),
            pl.col("churn_type", "churn_reason").first(),
        )
        .with_columns(total=pl.col("change").cum_sum().over("person"))
    )
    is_active = pl.col("total") > 0
    turns = totals.filter(is_active != is_active.shift(1).over("person").fill_null(False)).with_columns(
        end_day=pl.col("day").shift(-1).over("person"),
        churn_type=pl.col("churn_type").shift(-1).over("person").fill_null(UNKNOWN),
        churn_reason=pl.col("churn_reason").shift(-1).over("person"),
    )
    return turns.filter(is_active).select(
        "person", pl.col("day").alias("start_day"), "end_day", "churn_type", "churn_reason"
    )
