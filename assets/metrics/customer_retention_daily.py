"""Customer retention and churn over windows of 1, 7, 30, 90 and 365 days, for every day.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

import polars as pl

from assets.kernels.retention_windows import KINDS, KINDS_OF, Activity, activities, first_facts, window
from assets.kernels.segment_codes import Segments, segments_of
from assets.kernels.tallies import as_rows, counted, places
from assets.retention import BASES, COUNTS, RATES, annualised, basis_column
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


def measure(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the counts by day, basis, window and segment.

    In a window a customer has one segment value: that at its start if active then, else that at its end.
    """
    segments = segments_of(segment_spans, "customer", BASES)
    active = activities(activity_spans, max(WINDOWS), settings)
    firsts = first_facts(people, segments.people)
    rows = [pl.DataFrame(schema=dict.fromkeys(KINDS_OF, pl.Int64))]
    for basis in BASES:
        begins = segments.starts(basis, firsts[basis], settings)
        for days in WINDOWS:
            counts = [_counts(active[basis], segments, basis, days, settings)] if basis in active else []
            of_window = {"basis": pl.lit(basis), "window_days": pl.lit(days, pl.Int64)}
            rows += [found.with_columns(**of_window) for found in (begins, *counts)]
    return segments.named(pl.concat(rows, how="diagonal")).lazy()


def _counts(activity: Activity, segments: Segments, basis: str, days: int, settings: Settings) -> pl.DataFrame:
    """The changes of one window's counts by the number of the segment value and day."""
    where = places(len(segments), settings)
    pieces, kind, days_ago = window(activity, days, settings)
    changes = where.zeros(KINDS)
    for dimension in segments.on[basis]:
        part = dimension.split(pieces, pieces.owner, days_ago)
        kinds = part.of_piece(kind)
        changes += counted(where.of(part.value, part.start) * KINDS + kinds, len(changes))
        changes -= counted(where.of(part.value, part.end) * KINDS + kinds, len(changes))
    by_kind = where.by_day(changes.reshape(-1, KINDS))
    return as_rows({name: by_kind[..., kinds].sum(axis=-1) for name, kinds in KINDS_OF.items()}, where.first)
