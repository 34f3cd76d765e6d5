"""What the page draws: each metric of a source's days with the band it is held against, as numbers.

Here belongs nothing that judges: the band of a day is the one volumes.py holds it against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from quality.bands import learn, same_weekdays
from quality.profile import AMOUNT, OPTIONAL, Profile

DAYS_SHOWN = 56


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a chart; `low` and `high` None where too little is known for a band. `is_judged` by this audit."""

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


def charts(profile: Profile, watermark: date, width: float) -> list[Chart]:
    """The metrics of the source that have a value on some day shown; `width` is the one of its bands."""
    judged = frozenset(profile.judged)
    days = [watermark - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    first = min(profile.values("rows"), default=watermark)
    shown = [day for day in days if day >= first]
    found = []
    for metric, values, absent in _metrics(profile):
        points = tuple(_point(values, day, absent, width, day in judged) for day in shown)
        if any(point.value is not None for point in points):
            found.append(Chart(profile.source, metric, points))
    return found


def _metrics(profile: Profile) -> Iterator[tuple[str, Mapping[date, float], float | None]]:
    rows = profile.values("rows")
    yield "rows", rows, 0.0
    yield "persons per row", _per_row(profile.values("persons"), rows), None
    yield "median amount", profile.values(AMOUNT), None
    for name in OPTIONAL:
        yield f"share without {name}", _per_row(profile.values(f"no_{name}"), rows), None


def _per_row(values: Mapping[date, float], rows: Mapping[date, float]) -> dict[date, float]:
    return {day: value / rows[day] for day, value in values.items() if rows.get(day)}


def _point(values: Mapping[date, float], day: date, absent: float | None, width: float, is_judged: bool) -> Point:
    band = learn(same_weekdays(values, day, absent=absent), width)
    low, high = (band.low, band.high) if band else (None, None)
    return Point(day, values.get(day, absent), low, high, is_judged)
