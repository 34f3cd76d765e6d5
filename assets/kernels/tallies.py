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
        """No sums yet: the places once for each part."""
        return np.zeros(self.size * parts, np.int64)

    def of(self, key: Integers, day: Integers) -> Integers:
        """The number of the place; days before the range count as its first, days after it as the one after."""
        return key * self.days + (np.clip(day, self.first, self.last + 1) - self.first)

    def by_key(self, sums: Integers) -> Integers:
        """Sums by place as key x day, the day after included."""
        return sums.reshape(self.keys, self.days)

    def as_rows(self, sums: Mapping[str, Integers], begins: Integers) -> pl.DataFrame:
        """The key and day of each place where any of the sums is not 0, or rows begin: `key`, `date`, the sums."""
        is_any = np.zeros(self.size, bool)
        is_any[begins] = True
        for found in sums.values():
            is_any |= found != 0
        self.by_key(is_any)[:, -1] = False
        place = np.flatnonzero(is_any)
        key, day = np.divmod(place, self.days)
        dates = pl.Series((day + self.first).astype(np.int32)).cast(pl.Date)
        return pl.DataFrame({"key": key, "date": dates, **{name: found[place] for name, found in sums.items()}})


def places(keys: int, settings: Settings) -> Places:
    return Places(keys, number_of(settings.first_day), number_of(settings.last_day))


def book(sums: Integers, place: Integers, amount: Integers | int) -> None:
    """Adds each amount to its place."""
    np.add.at(sums, place, amount)
