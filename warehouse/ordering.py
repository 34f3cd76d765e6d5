"""Rows in the order of some of their columns, found by one whole number for each row.

To sort a million rows by several columns takes several times as long. Of columns that make too large a number the first
ones do, and the others only settle ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

# Texts of more values than this are ids: to number them costs more than to sort by them.
_MOST_TEXTS: Final = 10_000
_NUMBERS: Final = 1 << 63
_PLACE, _ROW = ".place", ".row"
_WHOLE: Final = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32),
    *(pl.Date, pl.Datetime, pl.Boolean),
)


def in_order(rows: pl.DataFrame, columns: Sequence[str], first: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The rows sorted by the columns, nulls first; `first` is the text of a column that comes before its others.

    Rows that are equal in all of them are in no order. Of rows in one piece it takes two thirds of the time.
    """
    leading = first or {}
    number, told = _number(rows, columns, leading)
    if not told:
        return rows.sort(_keys(columns, leading))
    place = rows.select(number.alias(_PLACE))[_PLACE]
    order = place.arg_sort()
    return rows[order if told == len(columns) else _without_ties(rows, place, order, _keys(columns[told:], leading))]


def _without_ties(rows: pl.DataFrame, place: pl.Series, order: pl.Series, keys: Sequence[pl.Expr]) -> pl.Series:
    """The order by the place with rows of the same place in that of the keys."""
    ordered = place.gather(order)
    ties = ((ordered == ordered.shift(1)) | (ordered == ordered.shift(-1))).fill_null(False).arg_true()
    tied = order.gather(ties)
    named = (key.alias(f"{number}") for number, key in enumerate(keys))
    settled = rows[tied].select(tied.alias(_ROW), place.gather(tied), *named)
    return order.scatter(ties, settled.sort(pl.exclude(_ROW))[_ROW])


def _keys(columns: Sequence[str], leading: Mapping[str, str]) -> list[pl.Expr]:
    keys = ((pl.col(name) != leading[name], pl.col(name)) if name in leading else (pl.col(name),) for name in columns)
    return [key for some in keys for key in some]


def _number(rows: pl.DataFrame, columns: Sequence[str], leading: Mapping[str, str]) -> tuple[pl.Expr, int]:
    """A number for each row by the first columns, and how many these are: up to one that has too many values, or such
    without a place."""
    number, total = pl.lit(0, pl.Int64), 1
    for told, name in enumerate(columns):
        found = _numbered(rows[name], leading.get(name))
        if found is None or total * found[1] >= _NUMBERS:
            return number, told
        place, size = found
        number, total = number * size + place, total * size
    return number, len(columns)


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
