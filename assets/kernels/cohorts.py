"""Users by cohort and age: who came in a period, and whose last period it is, from one order of the days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.calendar import ALWAYS_BEFORE, Grain, day_number, period_number, period_start
from assets.kernels.active_days import ActiveDays, Ints, Split
from assets.kernels.tallies import number_of

_CELLS: Final = 1 << 22


@dataclass(frozen=True)
class Calendar:
    """Of each day from `lowest` on: the number of its period, and the how manyth day of that it is, from 1 on."""

    lowest: int
    period: Ints
    nth: Ints


@dataclass
class Tally:
    """How often numbers below `size` were seen: as an array of all of them, or where that is too large, sorted."""

    size: int
    dense: Ints | None = None
    seen: list[Ints] = field(default_factory=list)

    def add(self, index: Ints, counts: NDArray[np.bool_]) -> None:
        """Those that count. One more cell for the others costs less than choosing rows that lie as if at random."""
        if self.size > _CELLS:
            self.seen.append(index[counts])
            return
        found = np.bincount(np.where(counts, index, self.size), minlength=self.size + 1)[:-1]
        self.dense = found if self.dense is None else self.dense + found

    def cells(self) -> tuple[Ints, Ints]:
        """The numbers that were seen, and how often."""
        if self.dense is not None:
            index = np.flatnonzero(self.dense)
            return index, self.dense[index]
        return np.unique(np.concatenate([np.empty(0, np.int64), *self.seen]), return_counts=True)


def calendar(grain: Grain, users: pl.DataFrame, last_day: date) -> Calendar:
    """The calendar from the day the first of the users was seen (else the last day) to the last day."""
    seen = users.select(pl.min_horizontal(pl.col("first_day").min(), pl.lit(last_day))).item()
    days = pl.LazyFrame({"day": pl.date_range(seen, last_day, eager=True)})
    lowest = number_of(seen)
    period = period_number(pl.col("day"), grain)
    nth = day_number(pl.col("day")) - day_number(period_start(pl.col("period"), grain)) + 1
    found = days.select("day", period=period).select("period", nth=nth).collect()
    return Calendar(lowest, found["period"].to_numpy(), found["nth"].to_numpy())


def last_days(active: ActiveDays, earlier: pl.DataFrame) -> Ints:
    """The last day of each user in the frame of users: in what is read, else that of `earlier` (`person`, `day`), else
    ALWAYS_BEFORE."""
    known = active.users.select("person").join(earlier, on="person", how="left", maintain_order="left")
    last = known["day"].to_physical().fill_null(ALWAYS_BEFORE).to_numpy(writable=True)
    for block in active.blocks:
        last[block.user] = block.day[block.first + block.days - 1]
    return last


def ages(active: ActiveDays, last: Ints, days: Calendar, split: Split, begins: int, oldest: int | None) -> pl.DataFrame:
    """By `cohort` (number of its period), `age` and `segment_value`: `users_retained` in periods from `begins` on, and
    `users_retained_or_later`, those whose last period it is.

    Ages above `oldest` are left out, and last periods above it counted there. A user is counted on the first day of
    its period: the gap before that one reaches out of the period.
    """
    is_seen = last > ALWAYS_BEFORE
    cohort = np.zeros(len(last), np.int32)
    cohort[is_seen] = days.period[active.first_days[is_seen] - days.lowest]
    first_cohort = int(days.period[0])
    periods = int(days.period[-1]) - first_cohort + 1
    most = periods if oldest is None else min(periods, oldest + 1)
    came, left = (Tally(len(split.values) * periods * most) for _ in range(2))
    # Plus the number of its period, the number of a day's cell.
    cell = (split.codes.astype(np.int64) * periods + cohort - first_cohort) * most - cohort
    for block in active.blocks:
        day = block.day - days.lowest
        period = days.period.take(day)
        counts = block.gap >= days.nth.take(day)
        if oldest is not None:
            counts &= period - block.on_each_day(cohort) <= oldest
        if begins > first_cohort:
            counts &= period >= begins
        came.add(block.on_each_day(cell) + period, counts)
    last_period = days.period.take(last - days.lowest, mode="clip")
    left.add(cell + np.minimum(last_period, cohort + most - 1), is_seen)
    counted = {"users_retained": came, "users_retained_or_later": left}
    parts = [_rows(name, found, split, first_cohort, periods, most) for name, found in counted.items()]
    return pl.concat(parts, how="diagonal")


def _rows(name: str, found: Tally, split: Split, first_cohort: int, periods: int, most: int) -> pl.DataFrame:
    index, counts = found.cells()
    row, age = np.divmod(index, most)
    value, cohort = np.divmod(row, periods)
    return pl.DataFrame(
        {
            "cohort": (cohort + first_cohort).astype(np.int32),
            "age": age.astype(np.int64),
            "segment": pl.Series([split.segment]).new_from_index(0, len(age)),
            "segment_value": split.values.gather(value),
            name: counts.astype(np.int64),
        }
    )
