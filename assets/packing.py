"""A person and a day as one number, which sorts as the two do: several times cheaper to sort by than two columns.

Numbers of owners are whole and below 2^41, days those of assets/calendar.py, from 1,048,576 before 1970 on. A person is
a number below 2^32 already; a person and a currency, or a basis, get one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

FIRST_DAY: Final = -(1 << 20)
DAY_BITS: Final = 22
DAYS: Final = 1 << DAY_BITS
PERSON_BITS: Final = 32
PERSONS: Final = 1 << PERSON_BITS
_KINDS: Final = 1 << 9
LONGER_THAN_ANY: Final = DAYS
BETWEEN_OWNERS: Final = 1_000_000


def person_number(shard: str, person: str) -> pl.Expr:
    """A person of any shard as one number, by the columns of its shard and code: cheaper to look for and to group by
    than these or its id."""
    return pl.col(shard).cast(pl.UInt64) * PERSONS + pl.col(person)


def packed(owner: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The owner and the number of the day as one number. Two of one owner differ by the days between them, those of
    different owners by more than a million."""
    return owner.cast(pl.Int64) * DAYS + (day.cast(pl.Int64) - FIRST_DAY)


def owner_in(number: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    return (number // DAYS).cast(dtype)


def day_in(number: pl.Expr) -> pl.Expr:
    return (number % DAYS + FIRST_DAY).cast(pl.Int32)


@dataclass(frozen=True)
class Numbered:
    """Rows with `owner`, the person and the number of the kind that its other columns are."""

    rows: pl.LazyFrame
    kinds: pl.LazyFrame

    def named(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Any rows with an `owner` of these: the person and the other columns in its place."""
        number = pl.col("owner")
        return (
            rows.with_columns(person=(number % PERSONS).cast(pl.UInt32), kind=(number // PERSONS).cast(pl.UInt32))
            .join(self.kinds, on="kind")
            .drop("owner", "kind")
        )


def with_number(rows: pl.LazyFrame, owner: Sequence[str]) -> Numbered | None:
    """The rows, computed already, with a number for each `person` and what else the owner is (currency, basis, shard).

    None where that is too much to tell apart: 511 kinds have room.
    """
    others = [name for name in owner if name != "person"]
    kinds = rows.select(others).unique().sort(others).with_row_index("kind").collect()
    if kinds.height >= _KINDS:
        return None
    number = pl.col("kind").cast(pl.Int64) * PERSONS + pl.col("person").cast(pl.Int64)
    joined = rows.join(kinds.lazy(), on=others)
    return Numbered(joined.with_columns(owner=number).drop("kind", *owner), kinds.lazy())


def kinds_of(values: pl.Series) -> pl.Enum:
    """The different values, in order: what makes several owners of one person, such as currencies.

    Raises ValueError where they are too many to be numbered beside a person and a day.
    """
    found = values.unique().sort()
    if len(found) >= _KINDS:
        raise ValueError(f"{len(found)} values of {values.name} in one shard: {_KINDS - 1} can be told apart")
    return pl.Enum(found)
