"""Step functions of time as sorted arrays: assets/steps.py for tables that lay them over each other many times.

An owner is a number below 2^41, packed with the day as in assets/packing.py. Functions are closed, as in
assets/steps.py: the changes of each owner add up to 0, so one running sum serves all owners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.calendar import NEVER
from assets.packing import DAY_BITS, DAYS, FIRST_DAY

Integers = NDArray[np.int64]


def at(owner: Integers, day: Integers | int) -> Integers:
    """Owners and days packed into one number each; it sorts as the two do."""
    return owner.astype(np.int64) * DAYS + (day - FIRST_DAY)


def owner_at(at: Integers) -> Integers:
    return at >> DAY_BITS


def day_at(at: Integers) -> Integers:
    return (at & (DAYS - 1)) + FIRST_DAY


@dataclass(frozen=True)
class Timeline:
    """By how much the value of each owner changes, and `at` which packed owner and day, ascending."""

    at: Integers
    change: Integers

    def delayed(self, days: int) -> Timeline:
        """The function as it was `days` days ago: every change comes later."""
        return Timeline(self.at + days, self.change)

    def within(self, first: int, last: int) -> Timeline:
        """The function as the days from first to last see it: what it stood at on the first is one change there, what
        it stands at on the last falls back to 0 on the day after. Of most owners nothing else is left of a short range.
        """
        day = day_at(self.at)
        is_early, is_late = day <= first, day > last
        value = np.cumsum(self.change)
        # The last change of an owner leaves 0 and before its first one it is 0: whose the neighbours are is no matter.
        opens = is_early & ~_next(is_early) & (value != 0)
        closes = is_late & ~_previous(is_late) & (value != self.change)
        kept = np.flatnonzero(opens | closes | ~(is_early | is_late))
        opens, closes = opens[kept], closes[kept]
        change = np.where(opens, value[kept], np.where(closes, self.change[kept] - value[kept], self.change[kept]))
        moved = np.where(opens, first, np.where(closes, last + 1, day[kept])) - day[kept]
        return Timeline(self.at[kept] + moved, change)


def timeline(at: Integers, change: Integers) -> Timeline:
    """The function of these changes, in any order, closed on the day NEVER."""
    if (at[1:] < at[:-1]).any():
        order = np.argsort(at, kind="stable")
        at, change = at[order], change[order]
    owner = owner_at(at)
    ends = np.flatnonzero(np.append(owner[1:] != owner[:-1], len(owner) > 0))
    left_open = np.diff(np.cumsum(change)[ends], prepend=0)
    is_open = left_open != 0
    after = ends[is_open]
    return Timeline(
        np.insert(at, after + 1, owner[after] * DAYS + (NEVER - FIRST_DAY)),
        np.insert(change, after + 1, -left_open[is_open]),
    )


@dataclass(frozen=True)
class Pieces:
    """Days on which all functions are constant: the owner, from `start` to `end` (half-open, day numbers), the value of
    each function. In the order of owners and starts."""

    owner: Integers
    start: Integers
    end: Integers
    values: tuple[Integers, ...]

    def where(self, is_kept: np.ndarray) -> Pieces:
        kept = np.flatnonzero(is_kept)
        return Pieces(self.owner[kept], self.start[kept], self.end[kept], tuple(value[kept] for value in self.values))


def laid_over(functions: Sequence[Timeline], first: int, last: int) -> Pieces:
    """The pieces of the days from first to last on which not all of the functions are 0."""
    seen = [function.within(first, last) for function in functions]
    at, values = _running(seen)
    has_length = np.append(at[1:] != at[:-1], False)[: len(at)]
    is_any = values[0] != 0
    for value in values[1:]:
        is_any |= value != 0
    kept = np.flatnonzero(has_length & is_any)
    begin = at[kept]
    start = day_at(begin)
    return Pieces(owner_at(begin), start, start + (at[kept + 1] - begin), tuple(value[kept] for value in values))


def _running(functions: Sequence[Timeline]) -> tuple[Integers, list[Integers]]:
    """All changes of the functions in one order, and the value of each function after them."""
    if len(functions) == 1:
        return functions[0].at, [np.cumsum(functions[0].change)]
    at = np.concatenate([function.at for function in functions])
    order = np.argsort(at, kind="stable")
    values, begins = [], 0
    for function in functions:
        change = np.zeros(len(at), np.int64)
        change[begins : begins + len(function.change)] = function.change
        values.append(np.cumsum(change[order]))
        begins += len(function.change)
    return at[order], values


def _next(flags: np.ndarray) -> np.ndarray:
    return np.append(flags[1:], False)[: len(flags)]


def _previous(flags: np.ndarray) -> np.ndarray:
    return np.insert(flags[:-1], 0, False)[: len(flags)]
