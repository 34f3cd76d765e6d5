"""Customer retention and churn by calendar month, quarter and year.

Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from assets.kernels.retention_periods import Period, counted, periods_of
from assets.kernels.retention_windows import KINDS_OF, NOBODY, activities, first_facts
from assets.kernels.segment_codes import segments_of
from assets.kernels.timelines import Integers
from assets.periods import (
    IS_COMPLETE,
    PERIODS,
    every_period,
    first_periods,
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
    segments = segments_of(segment_spans, "customer", BASES)
    since_new_year = (settings.first_day - settings.first_day.replace(month=1, day=1)).days + 1
    active = activities(activity_spans, since_new_year, settings)
    firsts = first_facts(people, segments.people)
    periods = periods_of(settings)
    rows = []
    for basis in BASES:
        counts = _rows(periods, counted(active.get(basis, NOBODY), segments, basis, periods))
        starts = segments.starts(basis, firsts[basis], replace(settings, first_day=date.min))
        parts = [*counts, *_starts(*starts)]
        rows += [part.with_columns(basis=pl.lit(basis)) for part in parts]
    return segments.named(pl.concat(rows, how="diagonal")).lazy()


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows, as every period of a key has one."""
    return published.select("basis", *PERIOD, "segment", "segment_value", *MEASURES)


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Periods that were over before the range."""
    return measured(published.filter(is_before(settings)))


def _rows(periods: list[Period], counts: Integers) -> Iterator[pl.DataFrame]:
    """The counts of each period's segment values with customers: `key`, the period, the measures."""
    for period, of_period in zip(periods, counts, strict=True):
        key = np.flatnonzero(of_period.any(axis=0))
        measures = {name: of_period[kinds][:, key].sum(axis=0) for name, kinds in KINDS_OF.items()}
        dated = {"period": pl.lit(period.grain), "period_start": pl.lit(period.start)}
        yield pl.DataFrame({"key": key, **measures}).with_columns(**dated)


def _starts(key: Integers, day: Integers) -> Iterator[pl.DataFrame]:
    """The period of each grain in which the rows of each segment value begin."""
    rows = pl.LazyFrame({"key": key, "date": pl.Series(day.astype(np.int32)).cast(pl.Date)})
    return (first_periods(rows, grain).collect() for grain in PERIODS)


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every period of each key up to the one of the watermark."""
    return every_period(rows, KEYS, MEASURES, settings)
