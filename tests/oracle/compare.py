"""Compares an oracle's table with a released one, cell by cell, and tells the first differences readably.

Integers, decimals, dates and texts must be equal, ratios to 1e-12 of their size, null equals only null.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl

TOLERANCE = 1e-12
NOTHING = 1e-15  # what 1 - ratio may differ by where it is 0


def released(folder: Path, table: str) -> pl.DataFrame | None:
    """The table of a release folder (every Parquet file under <folder>/<table>), None where the release lacks it."""
    files = sorted((folder / table).rglob("*.parquet"))
    if not files:
        return None
    return pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files], how="vertical")


def differences(
    expected: pl.DataFrame, got: pl.DataFrame, keys: Sequence[str], *, nothing: float = NOTHING, limit: int = 12
) -> list[str]:
    """Readable lines, at most `limit` and one that counts the rest; empty when the tables are equal.

    Ratios may also differ by `nothing`.
    """
    problems = schema_differences(expected, got)
    if problems:
        return problems
    if identical(expected.sort(keys), got.sort(keys), nothing):
        return []
    want, have = indexed(expected, keys), indexed(got, keys)
    lines = [f"{place(keys, key)}: {len(rows)} rows of one key" for key, rows in have.items() if len(rows) > 1]
    lines += [
        f"{place(keys, key)}: row missing; expected {values(want[key][0], keys)}" for key in want if key not in have
    ]
    lines += [
        f"{place(keys, key)}: row unexpected; got {values(have[key][0], keys)}" for key in have if key not in want
    ]
    for key, rows in want.items():
        for column, value in rows[0].items():
            if key in have and not equal(value, have[key][0][column], nothing):
                lines.append(f"{place(keys, key)}: {column} expected {value!s}, got {have[key][0][column]!s}")
    return lines if len(lines) <= limit else [*lines[:limit], f"... and {len(lines) - limit} more"]


def schema_differences(expected: pl.DataFrame, got: pl.DataFrame) -> list[str]:
    """Column names in their order, and their types."""
    if expected.columns != got.columns:
        return [f"columns expected {expected.columns}, got {got.columns}"]
    pairs = zip(expected.schema.items(), got.schema.items(), strict=True)
    return [f"column {name}: type expected {kind}, got {other}" for (name, kind), (_, other) in pairs if kind != other]


def identical(expected: pl.DataFrame, got: pl.DataFrame, nothing: float = NOTHING) -> bool:
    """The same answer for whole columns, quickly: equal tables are the usual case. Both are sorted by their keys."""
    if expected.height != got.height:
        return False
    for name, kind in expected.schema.items():
        left, right = expected[name], got[name].alias(name)
        if kind == pl.Float64:
            near = (left - right).abs() <= TOLERANCE * left.abs() + nothing
            if not (near.fill_null(True).all() and (left.is_null() == right.is_null()).all()):
                return False
        elif not left.eq_missing(right).all():
            return False
    return True


def indexed(frame: pl.DataFrame, keys: Sequence[str]) -> dict[tuple[object, ...], list[dict[str, object]]]:
    rows: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in frame.sort(keys).iter_rows(named=True):
        rows.setdefault(tuple(row[key] for key in keys), []).append(row)
    return rows


def equal(expected: object, got: object, nothing: float = NOTHING) -> bool:
    if expected is None or got is None:
        return expected is got
    if isinstance(expected, float) and isinstance(got, float):
        return math.isclose(expected, got, rel_tol=TOLERANCE, abs_tol=nothing)
    return expected == got


def place(keys: Sequence[str], key: tuple[object, ...]) -> str:
    return ", ".join(f"{name}={value!s}" for name, value in zip(keys, key, strict=True))


def values(row: dict[str, object], keys: Sequence[str]) -> str:
    return ", ".join(f"{name}={value!s}" for name, value in row.items() if name not in keys and value not in (0, None))
