"""What two releases say differently, in the terminal: table by table and month by month, or cell by cell.

Only partitions that differ are read. Which source rows are behind a cell is in behind.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from pipelines.show import MOST_ROWS, keys_of, newest, open_release, pick
from pipelines.text import grid
from warehouse import cells
from warehouse.cells import AFTER, Files, Shape
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.manifest import Manifest
from warehouse.restatements import by_table
from warehouse.store import Store
from warehouse.table import DATE, SEGMENT_ALL

SUMMARY = ("table", "month", "column", "cells", "sum before", "sum after")


@dataclass(frozen=True, slots=True)
class Compared:
    """One table in both releases: what they share of it, and its files in each."""

    name: str
    shape: Shape
    before: Files
    after: Files


def summary(config: Config, first: int, second: int) -> str:
    """Per table, month and column the cells that differ, and the sums of segment `all`. Raises UsageError."""
    before, after = (open_release(config, number) for number in (first, second))
    store, rows, told = Store(config.home), [], []
    for name in sorted(before.schemas.keys() | after.schemas.keys()):
        if name not in before.schemas or name not in after.schemas:
            told.append(f"{name} is only in release {first if name in before.schemas else second}")
        elif (compared := _compared(before, after, name)) is None:
            told.append(f"{name} has another grain: no cell of one release is one of the other")
        else:
            rows += _rows(store, compared)
    if not rows and not told:
        return f"Releases {first} and {second} publish the same."
    lines = [grid(SUMMARY, rows, keys=len(SUMMARY) - 1)] if rows else []
    note = f"--table T shows the cells. Sums are over all rows of segment {SEGMENT_ALL}."
    return "\n\n".join([*lines, *told, *([note] if rows else [])])


def of_table(config: Config, first: int, second: int, table: str, where: str | None, last: int | None) -> str:
    """The cells of a table that differ, before and after side by side; `where` picks rows, `last` the newest days.

    Raises UsageError.
    """
    compared, found = changed_rows(config, first, second, table, where, last)
    keys = compared.shape.keys
    lines = _cells(found, compared.shape)
    if not lines:
        return f"No cell of {table} that this picks differs between releases {first} and {second}."
    note = f"{len(lines):,} cells in {found.height:,} rows"
    if len(lines) > MOST_ROWS:
        note += f", the last {MOST_ROWS} shown"
    header = [*keys, "column", "before", "after"]
    note += "; --rows shows the source rows behind them"
    return f"{grid(header, lines[-MOST_ROWS:], keys=len(keys) + 1)}\n\n{note}"


def changed_rows(
    config: Config, first: int, second: int, table: str, where: str | None, last: int | None
) -> tuple[Compared, pl.DataFrame]:
    """The rows of a table with a cell that differs, as warehouse.cells.beside has them. Raises UsageError."""
    before, after = (open_release(config, number) for number in (first, second))
    for release in (before, after):
        keys_of(release, table)
    compared = _compared(before, after, table)
    if compared is None:
        raise UsageError(f"{table} has another grain in release {second} than in release {first}: no cell is the same.")
    changed = pl.any_horizontal(map(cells.is_changed, compared.shape.columns))
    parts = [both.filter(changed) for _, both in _beside(Store(config.home), compared)]
    if not parts:
        return compared, pl.DataFrame()
    found = pick(pl.concat(parts).lazy(), where)
    if last is not None and DATE in compared.shape.keys:
        found = newest(found, DATE, [], last)
    return compared, found.collect()


def _compared(before: Manifest, after: Manifest, name: str) -> Compared | None:
    shape = Shape.of(before.schemas[name], after.schemas[name])
    if shape is None:
        return None
    return Compared(name, shape, *(by_table(release.published(name)).get(name, {}) for release in (before, after)))


def _beside(store: Store, compared: Compared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each month that differs, or `whole`, with its rows in both releases."""
    for month, versions in cells.differing_parts([compared.before, compared.after]):
        yield month, cells.beside(compared.shape, *cells.read(store, compared.shape, versions))


def _rows(store: Store, compared: Compared) -> list[list[object]]:
    rows: list[list[object]] = []
    for month, both in _beside(store, compared):
        everybody = both.filter(pl.col("segment") == SEGMENT_ALL) if compared.shape.is_segmented else both
        for column in compared.shape.columns:
            count = both.select(cells.is_changed(column).sum()).item()
            is_summed = column in compared.shape.measures
            sums = [everybody[name].sum() if is_summed else None for name in (column, f"{column}{AFTER}")]
            if count:
                rows.append([compared.name, month, column, count, *sums])
    return rows


def _cells(found: pl.DataFrame, shape: Shape) -> list[list[object]]:
    """One line per changed cell: the keys, the column, the value before and after; row by row."""
    if found.is_empty():
        return []
    rows, lines = found.sort(*shape.keys).with_row_index(".row"), []
    for place, column in enumerate(shape.columns):
        changed = rows.filter(cells.is_changed(column)).select(".row", *shape.keys, column, f"{column}{AFTER}")
        lines += [(row[0], place, [*row[1:-2], column, *row[-2:]]) for row in changed.rows()]
    return [line for _, _, line in sorted(lines, key=lambda one: one[:2])]
