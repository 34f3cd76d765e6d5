"""The calendar of the made-up business: how busy each day is, and the streams chance is drawn from.

Here belong factors per day and the days themselves; what people do with them belongs to the other modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import planted

WEEKEND_WORK, WEEKEND_SHOP = 0.42, 0.80
YEAR_END_WORK, SUMMER_WORK = 0.35, 0.82
HOLIDAY_SHOP = 1.8
GROWTH = 1.5  # sign-ups per day rise by this share from the first day to the last


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days are numbered 0..days-1 from `first`; `work` is the factor on usage, `signups` the weight of a day."""

    days: int
    first: date
    work: NDArray[np.float32]
    signups: NDArray[np.float64]

    @property
    def last(self) -> date:
        return self.date_of(self.days - 1)

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def months(self) -> NDArray[np.int64]:
        """The month of each day as year x 12 + month - 1."""
        return np.array([_month(self.date_of(day)) for day in range(self.days)], dtype=np.int64)

    def month_ends(self) -> list[int]:
        """The numbers of the days that end a calendar month."""
        return [day for day in range(self.days) if self.date_of(day + 1).day == 1]


def make_calendar(days: int) -> Calendar:
    first = planted.LAST_DAY - timedelta(days=days - 1)
    dates = [first + timedelta(days=day) for day in range(days)]
    work = np.array([_work(day) for day in dates], dtype=np.float32)
    growth = 1.0 + GROWTH * np.arange(days) / days
    return Calendar(days, first, work, growth * np.array([_shop(day) for day in dates]))


def stream(seed: int, name: str) -> np.random.Generator:
    """The stream of chance of one part, so that a change in one part leaves the others as they were."""
    return np.random.Generator(np.random.PCG64([seed, *name.encode()]))


def month_name(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _is_year_end(day: date) -> bool:
    return (day.month == 12 and day.day >= 24) or (day.month == 1 and day.day == 1)


def _work(day: date) -> float:
    factor = WEEKEND_WORK if day.weekday() >= 5 else 1.0
    if _is_year_end(day):
        return factor * YEAR_END_WORK
    return factor * (SUMMER_WORK if day.month == 8 else 1.0)


def _shop(day: date) -> float:
    factor = WEEKEND_SHOP if day.weekday() >= 5 else 1.0
    return factor * (HOLIDAY_SHOP if is_shopping_season(day) else 1.0)


def is_shopping_season(day: date) -> bool:
    return (day.month == 11 and day.day >= 20) or (day.month == 12 and day.day <= 20)
