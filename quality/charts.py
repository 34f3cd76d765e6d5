"""What the page draws: each metric of a source's days with the band it is held against, as numbers.

Here belongs nothing that judges: the band of a day is the one volumes.py holds it against.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from quality.bands import at_most, learn, least_rows, same_weekdays, usual_share
from quality.profile import Profile
from quality.recent import AMOUNT, OPTIONAL
from quality.volumes import has_enough_rows, usual_day
from warehouse.bounds import Bounds

DAYS_SHOWN = 56
ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a chart; `low` and `high` None where too little is known for a band. `is_judged` by this audit: a day
    of few rows is not."""

    day: date
    value: float | None
    low: float | None
    high: float | None
    is_judged: bool

    @property
    def is_outside(self) -> bool:
        if self.value is None or self.low is None or self.high is None:
            return False
        return not self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric of one source, day by day."""

    source: str
    metric: str
    points: tuple[Point, ...]


def charts(profile: Profile, watermark: date, bounds: Bounds) -> list[Chart]:
    """The metrics of the source that are ever above nothing on the days shown."""
    rows = profile.values("rows")
    first = min(rows, default=watermark)
    days = [watermark - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    shown = [day for day in days if day >= first]

    judged = {day for day in profile.judged if usual_day(profile, day, bounds) is not None}
    whole = {day for day in judged if has_enough_rows(profile, day)}

    def banded(metric: str, values: Mapping[date, float], absent: float | None = None) -> Chart:
        def band(day: date) -> tuple[float, float] | None:
            learned = learn(same_weekdays(values, day, absent=absent), bounds.band_width)
            if learned is None:
                return None
            if metric != ROWS:
                return learned.low, learned.high
            return least_rows(values, day, learned, bounds.band_width, bounds.steady_day), learned.high

        return _chart(profile, metric, values, shown, band, judged if metric == ROWS else whole)

    found = [
        banded(ROWS, rows, absent=0.0),
        banded("persons per row", profile.per_row("persons")),
        banded("median amount", profile.values(AMOUNT)),
    ]
    for name in OPTIONAL:
        shares = profile.per_row(f"no_{name}")
        limit = partial(_limit, shares, bounds.missing_attributes)
        found.append(_chart(profile, f"share without {name}", shares, shown, limit, whole))
    return [chart for chart in found if any(point.value for point in chart.points)]


def _chart(
    profile: Profile,
    metric: str,
    values: Mapping[date, float],
    days: Sequence[date],
    band: Callable[[date], tuple[float, float] | None],
    judged: Collection[date],
) -> Chart:
    absent = 0.0 if metric == ROWS else None
    points = []
    for day in days:
        low, high = band(day) or (None, None)
        points.append(Point(day, values.get(day, absent), low, high, day in judged))
    return Chart(profile.source, metric, tuple(points))


def _limit(shares: Mapping[date, float], more: float, day: date) -> tuple[float, float] | None:
    usual = usual_share(shares, day)
    return None if usual is None else (0.0, at_most(usual, more))
