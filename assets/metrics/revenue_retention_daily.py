"""Net and gross revenue retention over windows of 30, 90 and 365 days, for every day.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number, to_date
from assets.once import once
from assets.retention import activity_on, recent
from assets.revenue import (
    RETENTION_MEASURES,
    RETENTION_RATES,
    currency_columns,
    mrr_steps,
    retention_amounts,
    revenue_windows,
    trailing_revenue,
    with_converted,
)
from assets.segments import spans_of, split, split_starts
from assets.steps import changes
from warehouse.settings import Settings
from warehouse.table import Column, Table

WINDOWS = (30, 90, 365)
BASES = ("subscription", "orders")

table = Table(
    name="revenue_retention_daily",
    description="Revenue at the start of the window that ends on each day, and what is left of it at the end.",
    layer="metrics",
    grain=(
        Column("basis", pl.String, "MRR, or net order revenue.", "basis", allowed=BASES),
        Column("date", pl.Date, "The last day of the window.", "day"),
        Column("window_days", pl.Int64, "How many days the window has.", "days", allowed=WINDOWS),
        *currency_columns(),
    ),
    columns=(*RETENTION_MEASURES, *RETENTION_RATES),
    segmented=True,
    sources=("subscriptions", "orders"),
)
KEYS = ["basis", "window_days", "currency", "is_converted", "segment", "segment_value"]


def measure(
    mrr_changes: pl.LazyFrame,
    order_days: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Changes of the amounts by day, basis, window, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, "customer", BASES)
    spans = recent(activity_spans, max(WINDOWS), settings)
    active = {basis: once(activity_on(spans, basis)) for basis in BASES}
    mrr = once(mrr_steps(mrr_changes))
    pieces = []
    for days in WINDOWS:
        begins = day_number(pl.lit(settings.first_day)) - 2 * days
        ordered = order_days.filter(day_number(pl.col("day")) >= begins)
        for basis, steps in (("subscription", mrr), ("orders", trailing_revenue(ordered, days))):
            windows = revenue_windows(steps, active[basis], days, settings)
            pieces.append(windows.with_columns(basis=pl.lit(basis), window_days=pl.lit(days, pl.Int64)))
    amounts = changes(
        split(pl.concat(pieces).with_columns(is_converted=pl.lit(False)), segments, pl.col("days_ago")),
        KEYS,
        retention_amounts(),
        settings.first_day,
        settings.last_day,
    )
    return pl.concat([amounts, _starts(subscription_mrr, order_days, segments, settings)], how="diagonal")


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the converted rows: both sides of a window at the rate of its start."""
    keys = ["basis", "date", "window_days", "segment", "segment_value"]
    start = to_date(day_number(pl.col("date")) - pl.col("window_days"))
    return with_converted(rows, fx_rates, keys, start, settings)


def _starts(
    subscription_mrr: pl.LazyFrame, order_days: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    first = pl.concat(
        [
            frame.group_by("person", "currency").agg(pl.col("day").min()).with_columns(basis=pl.lit(basis))
            for basis, frame in (("subscription", subscription_mrr), ("orders", order_days))
        ],
        how="diagonal",
    )
    lengths = pl.LazyFrame({"window_days": WINDOWS}, schema={"window_days": pl.Int64})
    return (
        split_starts(first, segments, ["basis", "currency"], settings)
        .with_columns(is_converted=pl.lit(False))
        .join(lengths, how="cross")
    )
