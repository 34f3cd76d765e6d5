"""Lays the rows that a case expects beside a published table and tells every difference readably."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

import polars as pl

from tests.golden.cases import NOTHING, Expectation
from warehouse.table import SEGMENT_ALL, Table

TOLERANCE = 1e-12
_POWER = re.compile(r"^\(?([\d./]+)\)?\^\(?([\d./]+)\)?$")


def differences(expected: Expectation, frame: pl.DataFrame, table: Table) -> list[str]:
    """What is not as expected; empty where all is. A cell is named by the keys of its row."""
    keys = {column.name for column in table.keys}
    rows = frame.filter(*_filters(expected, table))
    found: list[str] = []
    wanted: list[dict[str, str]] = [dict(zip(expected.columns, cells, strict=True)) for cells in expected.rows]
    for want in wanted:
        place = {name: text for name, text in want.items() if name in keys}
        matches = rows.filter(pl.lit(True), *(_is(name, text) for name, text in place.items()))
        named = f"{expected.table} {_words({**expected.where, **place})}"
        if matches.height != 1:
            found.append(f"{named}: {matches.height} rows, expected one")
            continue
        found += [f"{named}: {line}" for line in _cells(want, matches.row(0, named=True), keys)]
    if expected.only and rows.height != len(wanted):
        found.append(f"{expected.table} {_words(expected.where)}: {rows.height} rows, expected only {len(wanted)}:")
        found += [f"  {row}" for row in rows.select(expected.columns).rows(named=True)]
    return found


def _filters(expected: Expectation, table: Table) -> Iterator[pl.Expr]:
    columns = {column.name for column in table.all_columns}
    missing = [name for name in (*expected.where, *expected.columns) if name not in columns]
    if missing:
        raise ValueError(f"{expected.table} has no column {', '.join(missing)}")
    where = dict(expected.where)
    if table.segmented and "segment" not in (*where, *expected.columns):
        where["segment"] = SEGMENT_ALL
    for name, text in where.items():
        yield pl.col(name).cast(pl.String) == text


def _is(name: str, text: str) -> pl.Expr:
    return pl.col(name).is_null() if text == NOTHING else pl.col(name).cast(pl.String) == text


def _cells(want: dict[str, str], got: dict[str, object], keys: set[str]) -> Iterator[str]:
    for name, text in want.items():
        if name not in keys and not _equal(text, got[name]):
            yield f"{name} expected {text}, got {NOTHING if got[name] is None else got[name]}"


def _equal(text: str, value: object) -> bool:
    if text == NOTHING or value is None:
        return text == NOTHING and value is None
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, Decimal):
        return Decimal(text) == value
    if isinstance(value, float):
        return math.isclose(number(text), value, rel_tol=TOLERANCE, abs_tol=1e-15)
    return text == str(value)


def number(text: str) -> float:
    """A rate as a person writes it: 0.9, 18/20, or (18/20)^(365/30)."""
    power = _POWER.match(text)
    if power:
        return math.pow(Fraction(power[1]), Fraction(power[2]))
    top, _, bottom = text.partition("/")
    return float(Fraction(top) / Fraction(bottom or "1"))


def _words(cells: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in cells.items())
