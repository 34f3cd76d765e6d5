"""Customer retention and churn by calendar month, quarter and year.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from assets.calendar import Grain, period_number, to_date
from assets.once import once
from assets.periods import (
    IS_COMPLETE,
    PERIODS,
    as_days,
    boundaries,
    dated,
    every_period,
    first_periods,
    is_before,
    once_complete,
    period_columns,
    period_days,
)
from assets.retention import (
    ACTIVE,
    BASES,
    COUNTS,
    RATES,
    activity,
    annualised,
    basis_column,
    first_facts_by_basis,
    first_starts,
    recent,
    window_counts,
)
from assets.segments import spans_of, split, split_starts
from assets.steps import overlay
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
    segments = spans_of(segment_spans, "customer", BASES)
    starts = once(
        split_starts(first_facts_by_basis(people), segments, ["basis"], replace(settings, first_day=date.min))
    )
    owner = ["basis", "person"]
    since_new_year = (settings.first_day - settings.first_day.replace(month=1, day=1)).days + 1
    pieces = once(overlay([activity(recent(activity_spans, since_new_year, settings))], owner))
    firsts = once(first_starts(activity_spans))
    parts = []
    for grain in PERIODS:
        stood = boundaries(pieces, owner, "state", grain, settings).join(firsts, on=owner)
        parts += [_counts(stood, segments, grain), first_periods(starts, grain)]
    return pl.concat(parts, how="diagonal")


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows, as every period of a key has one."""
    return published.select("basis", *PERIOD, "segment", "segment_value", *MEASURES)


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Periods that were over before the range."""
    return measured(published.filter(is_before(settings)))


def _counts(stood: pl.LazyFrame, segments: pl.LazyFrame, grain: Grain) -> pl.LazyFrame:
    was_there, is_there = pl.col("then") == ACTIVE, pl.col("now") == ACTIVE
    is_first = period_number(to_date(pl.col("first_start")), grain) == pl.col("number")
    pieces = as_days(stood.filter(was_there | is_there).with_columns(is_first=is_first), was_there)
    return (
        dated(split(pieces, segments, pl.col("days_ago")), grain)
        .group_by("period", "period_start", *KEYS)
        .agg(**{name: value.cast(pl.Int64).sum() for name, value in window_counts().items()})
    )


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every period of each key up to the one of the watermark."""
    return every_period(rows, KEYS, MEASURES, settings)
