"""Users' active days as arrays in the order of user and day, and the segment values of those users as numbers.

Sorted once, as one packed number; a user's day before is then the row before. What is counted goes through them in
blocks of whole users, so that no more than a block is ever laid out in columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.calendar import day_number
from assets.packing import BETWEEN_OWNERS, DAY_BITS, DAYS, FIRST_DAY, LONGER_THAN_ANY, packed
from warehouse.table import SEGMENT_ALL

Ints = NDArray[np.integer[Any]]
ROWS_OF_A_BLOCK: Final = 1 << 17


@dataclass(frozen=True)
class Block:
    """All active days of some users. Of each row: the packed number it is sorted by, `day` and `gap`, the days since
    the user's day before. Of each user: its row in the frame of users, its first row here, and how many it has."""

    at: Ints
    day: Ints
    gap: Ints
    user: Ints
    first: Ints
    days: Ints

    def on_each_day(self, of_users: Ints) -> Ints:
        """A number of each user in the frame of users, on each of the rows."""
        return np.repeat(of_users[self.user], self.days)


@dataclass(frozen=True)
class ActiveDays:
    """The users (`person`, `first_day`, dimensions) in the order of their persons, and their days in blocks."""

    users: pl.DataFrame
    first_days: Ints
    blocks: Sequence[Block]

    @property
    def lowest(self) -> int:
        return min(int(block.day.min()) for block in self.blocks)

    @property
    def highest(self) -> int:
        return max(int(block.day.max()) for block in self.blocks)


def active_days(user_days: pl.LazyFrame, users: pl.LazyFrame, rows: int = ROWS_OF_A_BLOCK) -> ActiveDays:
    """The days (`person`, `day`) of the users, in blocks of so many rows or up to the end of a user after them."""
    number = packed(pl.col("person"), day_number(pl.col("day")))
    at = user_days.select(number).collect().to_series().to_numpy(writable=True)
    at.sort()
    people = users.sort("person").collect()
    persons = people["person"].to_numpy()
    blocks = tuple(block for part in _of_whole_users(at, rows) if len((block := _block(part, persons)).at))
    return ActiveDays(people, numbers(people["first_day"]), blocks)


def numbers(days: pl.Series) -> Ints:
    """Dates as the numbers of their days."""
    return days.to_physical().to_numpy()


def _of_whole_users(at: Ints, rows: int) -> Iterator[Ints]:
    start = 0
    while start < len(at):
        last = at[min(start + rows, len(at)) - 1] // DAYS
        end = int(np.searchsorted(at, (last + 1) * DAYS))
        yield at[start:end]
        start = end


def _block(at: Ints, persons: Ints) -> Block:
    """The packed days in columns, without those of whom there is no person."""
    gap = np.diff(at, prepend=-DAYS)
    first = np.flatnonzero(gap > BETWEEN_OWNERS)
    days = np.diff(first, append=len(at))
    person = at[first] >> DAY_BITS
    is_known = np.isin(person, persons, assume_unique=True)
    if not is_known.all():
        return _block(at[np.repeat(is_known, days)], persons)
    gap[first] = LONGER_THAN_ANY
    day = (at & (DAYS - 1)) + FIRST_DAY
    user = np.searchsorted(persons, person.astype(np.uint32))
    return Block(at, day.astype(np.int32), gap.astype(np.int32), user, first, days)


@dataclass(frozen=True)
class Split:
    """One segment: its values, and the number of the value of each user in the frame of users."""

    segment: str
    values: pl.Series
    codes: Ints

    def parts(self, most: int) -> Iterator[Split]:
        """The split by no more than so many values at a time; users of another value have a code out of range."""
        for start in range(0, len(self.values), most):
            yield Split(self.segment, self.values[start : start + most], self.codes - start)


def unsplit(users: pl.DataFrame) -> Split:
    """Everybody as `all`."""
    return Split(SEGMENT_ALL, pl.Series([SEGMENT_ALL]), np.zeros(users.height, np.int32))


def splits(users: pl.DataFrame, dimensions: Sequence[str]) -> Iterator[Split]:
    """One dimension at a time."""
    for dimension in dimensions:
        values = users[dimension].unique().sort()
        codes = users[dimension].cast(pl.Enum(values)).to_physical().to_numpy().astype(np.int32)
        yield Split(dimension, values, codes)


def tally(sizes: Sequence[int], keys: Sequence[Ints]) -> Ints:
    """How often each combination of the keys occurs, as an array of these sizes; each key is below its size."""
    index = keys[0]
    for size, key in zip(sizes[1:], keys[1:], strict=True):
        index = index * size + key
    return np.bincount(index, minlength=int(np.prod(sizes))).reshape(sizes)
