"""Calendar periods of customer retention as arrays: what every customer is to each month, quarter and year.

The plain form is in tests/metrics/plain_calendar.py. Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from assets.calendar import Grain, day_number, period_end, period_number, period_start
from assets.kernels.retention_windows import KINDS, KINDS_OF, Activity, kind_of
from assets.kernels.segment_codes import Dimension, Segments
from assets.kernels.timelines import Integers, laid_over
from assets.periods import PERIODS, first_periods
from assets.retention import ACTIVE
from warehouse.settings import Settings


@dataclass(frozen=True)
class Period:
    """A calendar period with the day before it and its last one, or the watermark, as numbers of days."""

    grain: Grain
    start: date
    opening: int
    closing: int


def periods_of(settings: Settings) -> list[Period]:
    """The periods that have a day of the range."""
    return [period for grain in PERIODS for period in _periods_of(grain, settings)]


def _periods_of(grain: Grain, settings: Settings) -> Iterator[Period]:
    first, last = (period_number(pl.lit(day), grain) for day in (settings.first_day, settings.last_day))
    number = pl.select(number=pl.int_range(first, last + 1, dtype=pl.Int32)).lazy()
    start = period_start(pl.col("number"), grain)
    closing = pl.min_horizontal(period_end(pl.col("number"), grain), pl.lit(settings.last_day))
    rows = number.select(start=start, opening=day_number(start) - 1, closing=day_number(closing)).collect()
    return (Period(grain, *row) for row in rows.iter_rows())


def counted(activity: Activity, segments: Segments, basis: str, periods: list[Period]) -> Integers:
    """How many customers are of each kind to each period by segment value: period x kind x value.

    In a period a customer has one segment value: that of the day before it if active then, else that of its last day.
    """
    days = sorted({day for period in periods for day in (period.opening, period.closing)})
    stood = _on_days(activity, days, segments.people)
    sums = np.zeros((len(periods), KINDS, len(segments)), np.int64)
    seen = [_seen(activity, stood[period.opening], stood[period.closing], period) for period in periods]
    for dimension in segments.on[basis]:
        values = {day: _values(dimension, day, segments.people) for day in days}
        for period, (who, kind, was_there), of_period in zip(periods, seen, sums, strict=True):
            value = np.where(was_there, values[period.opening][who], values[period.closing][who])
            places = np.bincount(kind * len(segments) + value, minlength=of_period.size)
            of_period += places.reshape(of_period.shape)
    return sums


def as_rows(periods: list[Period], counts: Integers) -> Iterator[pl.DataFrame]:
    """The counts of each period's segment values with customers: `key`, `period`, `period_start`, the measures."""
    for period, of_period in zip(periods, counts, strict=True):
        key = np.flatnonzero(of_period.any(axis=0))
        measures = {name: of_period[kinds][:, key].sum(axis=0) for name, kinds in KINDS_OF.items()}
        dated = {"period": pl.lit(period.grain), "period_start": pl.lit(period.start)}
        yield pl.DataFrame({"key": key, **measures}).with_columns(**dated)


def beginnings(segments: Segments, basis: str, first_day: Integers, settings: Settings) -> Iterator[pl.DataFrame]:
    """The period of each grain in which the rows of each segment value begin: `key`, `period`, `period_start`."""
    key, day = segments.starts(basis, first_day, replace(settings, first_day=date.min))
    starts = pl.LazyFrame({"key": key, "date": pl.Series(day.astype(np.int32)).cast(pl.Date)})
    return (first_periods(starts, grain).collect() for grain in PERIODS)


def _seen(activity: Activity, then: Integers, now: Integers, period: Period) -> tuple[Integers, Integers, np.ndarray]:
    """The customers active before or at the end of the period, what each is to it, and whether it was there before."""
    who = np.flatnonzero((then == ACTIVE) | (now == ACTIVE))
    kind = kind_of(now[who], then[who], activity.first_start[who] > period.opening)
    return who, kind, then[who] == ACTIVE


def _on_days(activity: Activity, days: list[int], people: int) -> dict[int, Integers]:
    """The state of each of so many customers on each of the days, by code; 0 before its first span."""
    pieces = laid_over([activity.state], days[0], days[-1])
    [state] = pieces.values
    return {day: _held(pieces.start, pieces.end, pieces.owner, state, day, people) for day in days}


def _values(dimension: Dimension, day: int, people: int) -> Integers:
    """The number of the segment value of each of so many customers on a day, by code."""
    return _held(dimension.since, dimension.until, dimension.person, dimension.value, day, people)


def _held(start: Integers, end: Integers, owner: Integers, value: Integers, day: int, people: int) -> Integers:
    holds = np.flatnonzero((start <= day) & (day < end))
    found = np.zeros(people, np.int64)
    found[owner[holds]] = value[holds]
    return found
