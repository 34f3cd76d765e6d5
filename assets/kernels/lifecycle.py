"""Users by lifecycle for the periods that end on each day, as changes from the day before.

All comes from the gaps between a user's active days. On the days D with d <= D < d + k the active day d is in the
period (D - k, D]; while also D >= d + k - g, after a gap of g days, it is that period's first, so that a user is
counted once; while also D < d + 2k - g, the user was active in the period before too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from assets.kernels.active_days import ActiveDays, Block, Ints, tally
from assets.kernels.tallies import number_of
from warehouse.settings import Settings

MEASURES: Final = ("users_active", "users_active_before", "users_new", "users_retained", "user_days")
_CELLS: Final = 1 << 22


@dataclass(frozen=True)
class Changes:
    """`counts[measure, period, value, day]` is how much a measure changes on the day `lowest + day`."""

    lowest: int
    counts: Ints

    def __sub__(self, other: Changes) -> Changes:
        return Changes(self.lowest, self.counts - other.counts)


@dataclass(frozen=True)
class Lifecycle:
    """The passes over active days that lie between `lowest` and `highest`, for these periods."""

    active: ActiveDays
    lowest: int
    highest: int
    periods: Sequence[int]

    @property
    def longest(self) -> int:
        """Whatever gap is longer counts like this one."""
        return 2 * max(self.periods)

    @property
    def width(self) -> int:
        """The days on which anything changes: an active day counts for two periods."""
        return self.highest - self.lowest + 1 + self.longest

    @property
    def values_at_once(self) -> int:
        return max(1, _CELLS // ((self.longest + 1) * self.width))

    def of_values(self, codes: Ints, values: int) -> Changes:
        """Of the users with each of so many values. `codes` has the value of each user; others are out of range."""
        cells = np.zeros((self.longest + 1, values, self.width), np.int64)
        new = np.zeros((values, self.width), np.int64)
        for block in self.active.blocks:
            day, gap, code = block.day, block.gap, block.on_each_day(codes)
            is_one = (code >= 0) & (code < values)
            if not is_one.all():
                day, gap, code = day[is_one], gap[is_one], code[is_one]
            cells += self._cells(day, gap, code, values)
            new += self._new(block, codes, values)
        return self._changes([self._of_period(cells, new, period) for period in self.periods])

    def of_newcomers(self, new_for_days: int) -> tuple[Changes, Changes]:
        """Of everybody, and of the users first seen less than so many days ago.

        From that day T on a user counts as one up to T + k, the value being that of the period before, and only where
        it was active in that one.
        """
        by_length = sorted(self.periods, reverse=True)
        cells = np.zeros((self.longest + 1, len(by_length) + 1, self.width), np.int64)
        new = np.zeros((1, self.width), np.int64)
        turning = {period: np.zeros((len(MEASURES), 1, self.width), np.int64) for period in self.periods}
        for block in self.active.blocks:
            age = block.day - block.on_each_day(self.active.first_days)
            too_old = np.zeros(len(age), np.int32)
            for period in by_length:
                too_old += age > new_for_days - period
            cells += self._cells(block.day, block.gap, too_old, len(by_length) + 1)
            new += self._new(block, np.zeros_like(self.active.first_days), 1)
            near = np.arange(len(age))
            for period in by_length:
                near = near[np.abs(age[near] - new_for_days) < period]
                turning[period] += self._turning(block, near, block.day[near] - age[near] + new_for_days, period)
        at_least = np.cumsum(cells, axis=1)
        everybody = [self._of_period(at_least[:, [-1]], new, period) for period in self.periods]
        newcomers = [
            self._of_period(at_least[:, [by_length.index(period)]], new, period) + turning[period]
            for period in self.periods
        ]
        return self._changes(everybody), self._changes(newcomers)

    def _changes(self, of_periods: Sequence[Ints]) -> Changes:
        return Changes(self.lowest, np.stack(of_periods, axis=1))

    def _cells(self, day: Ints, gap: Ints, code: Ints, values: int) -> Ints:
        """How many users were active on a day, by the gap before it and value."""
        gap = np.minimum(gap, self.longest)
        return tally((self.longest + 1, values, self.width), (gap, code, day - self.lowest))

    def _new(self, block: Block, codes: Ints, values: int) -> Ints:
        """How many users were active for the first time on a day, by value."""
        day, code = block.day[block.first], codes[block.user]
        rows = (day == self.active.first_days[block.user]) & (code >= 0) & (code < values)
        return tally((values, self.width), (code[rows], day[rows] - self.lowest))

    def _of_period(self, cells: Ints, new: Ints, period: int) -> Ints:
        """What the cells count for: measure, value, day."""
        gaps = range(self.longest + 1)
        days = cells.sum(axis=0)
        starts = _later(cells, [_wait(gap, period) for gap in gaps])
        ends = _delayed(days, period)
        no_longer = _later(cells, [max(_wait(gap, period), min(period, 2 * period - gap)) for gap in gaps])
        now = starts - ends
        return np.stack([now, _delayed(now, period), new - _delayed(new, period), starts - no_longer, days - ends])

    def _turning(self, block: Block, rows: Ints, turn: Ints, period: int) -> Ints:
        """The same of single active days so near to the day of the turn that they count on both sides of it.

        What counts after the turn is taken away again where the user was not active in the period before: that is so
        from a day on that comes more than a period after the one before it, `back`.
        """
        day, gap = block.day[rows], block.gap[rows]
        until = turn + period
        starts, ends = day + np.maximum(period - gap, 0), day + period
        no_longer = np.maximum(starts, day + np.minimum(period, 2 * period - gap))
        back = np.maximum.accumulate(np.where(gap > period, np.arange(len(rows)), 0))
        # Of another user where this one did not come back: then it lies far behind.
        back_day = day - (block.at[rows] - block.at[rows[back]])
        absent = np.maximum(day, back_day + 2 * period - gap[back])

        def pieces(start: Ints, end: Ints) -> Ints:
            end = np.maximum(start, np.minimum(end, until))
            each = (np.bincount(days - self.lowest, minlength=self.width) for days in (start, end))
            return next(each) - next(each)

        none = np.zeros(self.width, np.int64)
        return np.stack(
            [
                pieces(starts, ends) - pieces(np.maximum(no_longer, turn), ends),
                pieces(starts + period, ends + period),
                none,
                pieces(starts, no_longer),
                pieces(day, ends) - pieces(np.maximum(absent, turn), back_day + period),
            ]
        )[:, np.newaxis]


def lifecycle_of(active: ActiveDays, periods: Sequence[int]) -> Lifecycle:
    """The passes over the days that there are; at least one."""
    return Lifecycle(active, active.lowest, active.highest, periods)


def changes_in_range(
    changes: Changes, segment: str, values: pl.Series, periods: Sequence[int], settings: Settings
) -> pl.DataFrame:
    """The changes as rows: `date`, `period_days`, `segment`, `segment_value`, the measures (Int64).

    What changed before the range of days is booked on its first one, and nothing is said of what changes after it.
    """
    first, last = (number_of(day) - changes.lowest for day in (settings.first_day, settings.last_day))
    first = max(0, first)
    counts = changes.counts[..., : last + 1].copy()
    counts[..., first : first + 1] = counts[..., : first + 1].sum(axis=-1, keepdims=True)
    counts = counts[..., first:]
    period, value, day = np.nonzero(counts.any(axis=0))
    return pl.DataFrame(
        {
            "date": pl.Series(day + first + changes.lowest).cast(pl.Int32).cast(pl.Date),
            "period_days": np.array(periods)[period],
            "segment": pl.Series([segment]).new_from_index(0, len(day)),
            "segment_value": values.gather(value),
            **{name: counts[number, period, value, day] for number, name in enumerate(MEASURES)},
        }
    )


def _wait(gap: int, period: int) -> int:
    """How long after a day it is its period's first, the day before having left it."""
    return max(0, period - gap)


def _delayed(counts: Ints, days: int) -> Ints:
    """The same so many days later."""
    later = np.zeros_like(counts)
    later[..., days:] = counts[..., : counts.shape[-1] - days]
    return later


def _later(cells: Ints, days: Sequence[int]) -> Ints:
    """The sum over all gaps, each so many days later: value, day."""
    total = np.zeros(cells.shape[1:], np.int64)
    for cell, late in zip(cells, days, strict=True):
        total[..., late:] += cell[..., : cell.shape[-1] - late]
    return total
