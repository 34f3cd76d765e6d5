"""Customer retention and churn over windows of 1, 7, 30, 90 and 365 days, for every day.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

import polars as pl

from assets.once import once
from assets.retention import (
    BASES,
    COUNTS,
    RATES,
    annualised,
    basis_column,
    first_facts_by_basis,
    window_counts,
    windows,
)
from assets.segments import spans_of, split, split_starts
from assets.steps import changes
from warehouse.settings import Settings
from warehouse.table import Column, Table

WINDOWS = (1, 7, 30, 90, 365)

table = Table(
    name="customer_retention_daily",
    description="Customers at the start and end of the window that ends on each day: retained, lost, new, reactivated.",
    layer="metrics",
    grain=(
        basis_column(),
        Column("date", pl.Date, "The last day of the window.", "day"),
        Column("window_days", pl.Int64, "How many days the window has.", "days", allowed=WINDOWS),
    ),
    columns=(*COUNTS, *RATES, annualised(pl.col("window_days"))),
    segmented=True,
    sources=("orders", "subscriptions", "events"),
)
KEYS = ["basis", "window_days", "segment", "segment_value"]


def measure(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the counts by day, basis, window and segment.

    In a window a customer has one segment value: that at its start if active then, else that at its end.
    """
    segments = once(spans_of(segment_spans, "customer", BASES))
    looks = windows(activity_spans, WINDOWS, settings)
    counts = [once(_counts(looks[days], segments, days, settings)) for days in WINDOWS]
    lengths = pl.LazyFrame({"window_days": WINDOWS}, schema={"window_days": pl.Int64})
    starts = split_starts(first_facts_by_basis(people), segments, ["basis"], settings).join(lengths, how="cross")
    return pl.concat([*counts, starts], how="diagonal")


def _counts(pieces: pl.LazyFrame, segments: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    """The changes of one window's counts. One window at a time: split by segment its pieces are many."""
    value_was_read = pl.when(pl.col("then") == 1).then(days).otherwise(0)
    pieces = split(pieces, segments, value_was_read).with_columns(window_days=pl.lit(days, pl.Int64))
    return changes(pieces, KEYS, window_counts(), settings.first_day, settings.last_day)
