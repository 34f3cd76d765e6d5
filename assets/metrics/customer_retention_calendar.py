"""Customer retention and churn by calendar month, quarter and year.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from assets.kernels.retention_periods import as_rows, beginnings, counted, periods_of
from assets.kernels.retention_windows import NOBODY, activities, first_facts
from assets.kernels.segment_codes import segments_of
from assets.periods import (
    IS_COMPLETE,
    every_period,
    is_before,
    once_complete,
    period_columns,
    period_days,
)
from assets.retention import BASES, COUNTS, RATES, annualised, basis_column
from warehouse.settings import Settings
from warehouse.table import Table

table = Table(
    name="customer_retention_calendar",
    description="Customers before and at the end of each month, quarter and year: retained, lost, new, reactivated.",
    layer="metrics",
    grain=(basis_column(), *period_columns()),
    columns=(
        *(replace(count, kind="flow") for count in COUNTS),
        *once_complete((*RATES, annualised(period_days()))),
        IS_COMPLETE,
    ),
    partitioning="whole",
    segmented=True,
    recalls=(0,),
    every_day=False,
    sources=("orders", "subscriptions", "events"),
)
KEYS = ["basis", "segment", "segment_value"]
PERIOD = ["period", "period_start"]
MEASURES = [measure.name for measure in table.measures]


def measure(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """The counts by basis, period and segment; a customer's segment is read as in a window of the period's days."""
    segments = segments_of(segment_spans, BASES)
    since_new_year = (settings.first_day - settings.first_day.replace(month=1, day=1)).days + 1
    active = activities(activity_spans, since_new_year, settings)
    firsts = first_facts(people, segments.people)
    periods = periods_of(settings)
    parts = []
    for basis in BASES:
        counts = counted(active.get(basis, NOBODY), segments, basis, periods)
        of_basis = [*as_rows(periods, counts), *beginnings(segments, basis, firsts[basis], settings)]
        parts += [part.with_columns(basis=pl.lit(basis)) for part in of_basis]
    return segments.named(pl.concat(parts, how="diagonal")).lazy()


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows, as every period of a key has one."""
    return published.select("basis", *PERIOD, "segment", "segment_value", *MEASURES)


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Periods that were over before the range."""
    return measured(published.filter(is_before(settings)))


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every period of each key up to the one of the watermark."""
    return every_period(rows, KEYS, MEASURES, settings)
