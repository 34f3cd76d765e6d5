"""Sums by segment value and day as one dense array: what assets/steps.py groups by text, for many pieces at once.

A place is a segment value (of a kind: a currency) and a day of the range. Sums are integers throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from assets.kernels.timelines import Integers
from warehouse.settings import Settings

_EPOCH: Final = date(1970, 1, 1).toordinal()


def number_of(day: date) -> int:
    """A date as the number of its day."""
    return day.toordinal() - _EPOCH


@dataclass(frozen=True)
class Places:
    """The places of a range: `keys` (values times kinds) on every day from `first` to `last`, and the day after, where
    what falls after the range is thrown away."""

    keys: int
    first: int
    last: int

    @property
    def days(self) -> int:
        return self.last - self.first + 2

    @property
    def size(self) -> int:
        return self.keys * self.days

    def zeros(self, parts: int = 1) -> Integers:
        """No sums yet: as many for each place as there are parts."""
        return np.zeros(self.size * parts, np.int64)

    def of(self, key: Integers, day: Integers) -> Integers:
        """The number of the place; days before the range count as its first, days after it as the one after."""
        return key * self.days + (np.clip(day, self.first, self.last + 1) - self.first)

    def by_day(self, sums: Integers) -> Integers:
        """Sums by place as key x day, without the day after."""
        return sums.reshape(self.keys, self.days, *sums.shape[1:])[:, :-1]


def places(keys: int, settings: Settings) -> Places:
    return Places(keys, number_of(settings.first_day), number_of(settings.last_day))


def counted(place: Integers, size: int) -> Integers:
    """How often each place comes."""
    return np.bincount(place, minlength=size)


def add(sums: Integers, place: Integers, amount: Integers) -> None:
    """Adds each amount to its place."""
    np.add.at(sums, place, amount)


def as_rows(sums: Mapping[str, Integers], first: int) -> pl.DataFrame:
    """The key and day of each sum (key x day) as rows, where any of them is not 0: `key`, `date`, the sums."""
    is_any = np.zeros(next(iter(sums.values())).shape, bool)
    for found in sums.values():
        is_any |= found != 0
    key, day = np.nonzero(is_any)
    dates = pl.Series((day + first).astype(np.int32)).cast(pl.Date)
    return pl.DataFrame({"key": key, "date": dates, **{name: found[key, day] for name, found in sums.items()}})
