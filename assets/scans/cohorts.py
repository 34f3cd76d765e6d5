"""Users by cohort and age: who came in a period, and whose last period it is, from one order of the days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from assets.calendar import ALWAYS_BEFORE, Grain, day_number, period_number, period_start
from assets.scans.active_days import ActiveDays, Ints, Split, tally

_CELLS: Final = 1 << 22


@dataclass(frozen=True)
class Calendar:
    """Of each day from `lowest` on: the number of its period, and the how manyth day of that it is, from 1 on."""

    lowest: int
    period: Ints
    nth: Ints


@dataclass
class Tally:
    """How often combinations of keys were seen: as an array of all of them, or where that is too large, sorted."""

    sizes: tuple[int, ...]
    dense: Ints | None = None
    seen: list[Ints] = field(default_factory=list)

    def add(self, *keys: Ints) -> None:
        """Each key is below its size."""
        if np.prod(self.sizes, dtype=np.float64) <= _CELLS:
            counts = tally(self.sizes, keys)
            self.dense = counts if self.dense is None else self.dense + counts
        else:
            self.seen.append(np.ravel_multi_index(keys, self.sizes))

    def cells(self) -> tuple[tuple[Ints, ...], Ints]:
        """The combinations that there are, key by key, and how often."""
        if self.dense is not None:
            where = np.nonzero(self.dense)
            return where, self.dense[where]
        together = np.concatenate(self.seen) if self.seen else np.empty(0, np.int64)
        index, counts = np.unique(together, return_counts=True)
        return tuple(np.asarray(key) for key in np.unravel_index(index, self.sizes)), counts


def calendar(grain: Grain, users: pl.DataFrame, last_day: date) -> Calendar:
    """The calendar from the day the first of the users was seen (else the last day) to the last day."""
    seen = users.select(pl.min_horizontal(pl.col("first_day").min(), pl.lit(last_day))).item()
    days = pl.LazyFrame({"day": pl.date_range(seen, last_day, eager=True)})
    lowest = (seen - date(1970, 1, 1)).days
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
    sizes = (len(split.values), periods, most)
    came, left = Tally(sizes), Tally(sizes)
    for block in active.blocks:
        day = block.day - days.lowest
        period = days.period[day]
        age = period - block.on_each_day(cohort)
        rows = np.flatnonzero((block.gap >= days.nth[day]) & (period >= begins) & (age < most))
        age = age[rows]
        came.add(block.on_each_day(split.codes)[rows], period[rows] - age - first_cohort, age)
    age = np.minimum(days.period[last[is_seen] - days.lowest] - cohort[is_seen], most - 1)
    left.add(split.codes[is_seen], cohort[is_seen] - first_cohort, age)
    counted = {"users_retained": came, "users_retained_or_later": left}
    return pl.concat([_rows(name, found, split, first_cohort) for name, found in counted.items()], how="diagonal")


def _rows(name: str, found: Tally, split: Split, first_cohort: int) -> pl.DataFrame:
    (value, cohort, age), counts = found.cells()
    return pl.DataFrame(
        {
            "cohort": (cohort + first_cohort).astype(np.int32),
            "age": age.astype(np.int64),
            "segment": pl.Series([split.segment]).new_from_index(0, len(age)),
            "segment_value": split.values.gather(value),
            name: counts.astype(np.int64),
        }
    )
