"""Rows in the order of some of their columns, found by one whole number for each row.

To sort by several columns takes six times as long for a million rows that are in no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

# Texts of more values than this are ids: to number them costs more than to sort by them.
_MOST_TEXTS: Final = 10_000
_NUMBERS: Final = 1 << 63
_WHOLE: Final = (pl.Date, pl.Datetime, pl.Boolean)


def in_order(rows: pl.DataFrame, columns: Sequence[str], first: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The rows sorted by the columns, nulls first; `first` is the text of a column that comes before its others.

    Rows that are equal in all of them are in no order.
    """
    leading = first or {}
    number, total = pl.lit(0, pl.Int64), 1
    for name in columns:
        found = _numbered(rows[name], leading.get(name))
        if found is None or total * found[1] >= _NUMBERS:
            return rows.sort(*(key for name in columns for key in _keys(name, leading.get(name))))
        place, size = found
        number, total = number * size + place, total * size
    place_of_row = rows.select(number.alias("place"))["place"]
    return rows if place_of_row.is_sorted() else rows[place_of_row.arg_sort()]


def _keys(name: str, leading: str | None) -> list[pl.Expr]:
    return [pl.col(name)] if leading is None else [pl.col(name) != leading, pl.col(name)]


def _numbered(values: pl.Series, leading: str | None) -> tuple[pl.Expr, int] | None:
    """The place of each value among those there are, 0 for none, and how many places there are; None where a column has
    too many, or no such places."""
    if values.dtype == pl.String:
        texts = values.unique().drop_nulls().sort()
        if len(texts) > _MOST_TEXTS:
            return None
        ordered = pl.concat([texts.filter(texts == leading), texts.filter(texts != leading)]) if leading else texts
        place, size = pl.col(values.name).cast(pl.Enum(ordered)).to_physical().cast(pl.Int64), len(ordered) + 1
    elif values.dtype.is_integer() or values.dtype in _WHOLE:
        known = values.to_physical().cast(pl.Int64).drop_nulls()
        least, most = (int(known.min()), int(known.max())) if len(known) else (0, 0)  # type: ignore[arg-type]
        place, size = pl.col(values.name).to_physical().cast(pl.Int64) - least, most - least + 2
    else:
        return None
    return (place + 1).fill_null(0), size
