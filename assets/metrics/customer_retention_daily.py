"""Customer retention and churn over windows of 1, 7, 30, 90 and 365 days, for every day.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

import polars as pl

from assets.kernels.retention_windows import KINDS, KINDS_OF, NOBODY, Activity, activities, first_facts, window
from assets.kernels.segment_codes import Segments, segments_of
from assets.kernels.tallies import Places, book, places
from assets.kernels.timelines import Integers
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
    recalls=(0, *WINDOWS),
    sources=("orders", "subscriptions", "events"),
)


def measure(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the counts by day, basis, window and segment.

    In a window a customer has one segment value: that at its start if active then, else that at its end.
    """
    segments = segments_of(segment_spans, BASES)
    active = activities(activity_spans, max(WINDOWS), settings)
    firsts = first_facts(people, segments.people)
    where = places(len(segments), settings)
    rows = []
    for basis in BASES:
        begins = where.of(*segments.starts(basis, firsts[basis], settings))
        for days in WINDOWS:
            changes = _changes(active.get(basis, NOBODY), segments, basis, days, where, settings)
            counts = {name: changes[list(kinds)].sum(axis=0) for name, kinds in KINDS_OF.items()}
            of_window = {"basis": pl.lit(basis), "window_days": pl.lit(days, pl.Int64)}
            rows.append(where.as_rows(counts, begins).with_columns(**of_window))
    return segments.named(pl.concat(rows)).lazy()


def _changes(
    activity: Activity, segments: Segments, basis: str, days: int, where: Places, settings: Settings
) -> Integers:
    """How many more customers than the day before are of each kind to a window: kind x place."""
    pieces, kind, days_ago = window(activity, days, settings)
    changes = where.zeros(KINDS)
    for dimension in segments.on[basis]:
        part = dimension.split(pieces, pieces.owner, days_ago)
        plane = part.of_piece(kind) * where.size
        book(changes, plane + where.of(part.value, part.start), 1)
        book(changes, plane + where.of(part.value, part.end), -1)
    return changes.reshape(KINDS, where.size)
