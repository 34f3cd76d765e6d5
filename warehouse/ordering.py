"""Rows in the order of some of their columns, found by one whole number for each row.

To sort a million rows by several columns takes several times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

# Texts of more values than this are ids: to number them costs more than to sort by them.
_MOST_TEXTS: Final = 10_000
_NUMBERS: Final = 1 << 63
_WHOLE: Final = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32),
    *(pl.Date, pl.Datetime, pl.Boolean),
)


def in_order(rows: pl.DataFrame, columns: Sequence[str], first: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The rows sorted by the columns, nulls first; `first` is the text of a column that comes before its others.

    Rows that are equal in all of them are in no order.
    """
    leading = first or {}
    number = _number(rows, columns, leading)
    if number is None:
        return rows.sort(*(key for name in columns for key in _keys(name, leading.get(name))))
    return rows[rows.select(number.alias("place"))["place"].arg_sort()]


def _keys(name: str, leading: str | None) -> list[pl.Expr]:
    return [pl.col(name)] if leading is None else [pl.col(name) != leading, pl.col(name)]


def _number(rows: pl.DataFrame, columns: Sequence[str], leading: Mapping[str, str]) -> pl.Expr | None:
    """A number for each row by the columns; None where there are too many, or values without a place."""
    number, total = pl.lit(0, pl.Int64), 1
    for name in columns:
        found = _numbered(rows[name], leading.get(name))
        if found is None or total * found[1] >= _NUMBERS:
            return None
        place, size = found
        number, total = number * size + place, total * size
    return number


def _numbered(values: pl.Series, leading: str | None) -> tuple[pl.Expr, int] | None:
    """The place of each value among those there are, 0 for none, and how many places there are; None where a column has
    too many, or no such places."""
    column = pl.col(values.name)
    if values.dtype == pl.String:
        texts = values.unique().drop_nulls().sort()
        if len(texts) > _MOST_TEXTS:
            return None
        ordered = pl.concat([texts.filter(texts == leading), texts.filter(texts != leading)]) if leading else texts
        place, size = column.cast(pl.Enum(ordered)).to_physical().cast(pl.Int64), len(ordered) + 1
    elif values.dtype in _WHOLE:
        known = values.to_physical().cast(pl.Int64).drop_nulls()
        least, most = (int(known.min()), int(known.max())) if len(known) else (0, 0)  # type: ignore[arg-type]
        place, size = column.to_physical().cast(pl.Int64) - least, most - least + 2
    else:
        return None
    return (place + 1).fill_null(0), size
