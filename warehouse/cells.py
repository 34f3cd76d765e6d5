"""The cells of a published table, two versions of them side by side: what both have, and what differs.

Here belongs the comparison of one table's files with those it had before. Why they differ is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from warehouse.manifest import DataFile
from warehouse.names import WHOLE, month_in
from warehouse.store import Store
from warehouse.table import DATE

AFTER, IN_BEFORE, IN_AFTER = ".after", ".in_before", ".in_after"
_COUNT, _MONEY = "int64", "decimal128"
Columns = Sequence[Mapping[str, Any]]
Files = Mapping[str, DataFile]


@dataclass(frozen=True, slots=True)
class Shape:
    """What two versions of a table have in common: their keys, and the other columns of both in published order.

    `measures` are the columns that can be summed: counts and amounts.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    measures: tuple[str, ...]
    is_dated: bool

    @property
    def is_segmented(self) -> bool:
        return "segment" in self.keys

    @staticmethod
    def of(before: Columns, after: Columns) -> Shape | None:
        """From the columns as two manifests list them; None where the grain is another: no cell is the same then."""
        keys = [[(one["name"], one["type"]) for one in side if one["is_key"]] for side in (before, after)]
        if keys[0] != keys[1]:
            return None
        known = {one["name"]: one["type"] for one in before}
        shared = [one for one in after if not one["is_key"] and known.get(one["name"]) == one["type"]]
        return Shape(
            keys=tuple(name for name, _ in keys[0]),
            columns=tuple(one["name"] for one in shared),
            measures=tuple(one["name"] for one in shared if one["type"].startswith((_COUNT, _MONEY))),
            is_dated=(DATE, "date32[day]") in keys[0],
        )


def differing(before: Files, after: Files) -> list[str]:
    """The partitions whose content is not the same in both, those that only one has included."""
    names = sorted(before.keys() | after.keys())
    return [name for name in names if _content(before.get(name)) != _content(after.get(name))]


def differing_parts(versions: Sequence[Files]) -> Iterator[tuple[str, list[Collection[DataFile]]]]:
    """What the last version has otherwise than the first: each month, or `whole`, with its files in every version.

    Where only one of the two has the table by months, all of its files are one part, `whole`.
    """
    before, after = versions[0], versions[-1]
    if before and after and (WHOLE in before) != (WHOLE in after):
        yield WHOLE, [files.values() for files in versions]
        return
    for name in differing(before, after):
        yield month_in(name) or WHOLE, [[files[name]] if name in files else [] for files in versions]


def read(store: Store, shape: Shape, versions: Sequence[Collection[DataFile]]) -> list[pl.DataFrame]:
    """The shared columns of each version's files, of which one has some at least; no rows for no files."""
    read = [store.scan(files).select(*shape.keys, *shape.columns).collect() if files else None for files in versions]
    [some, *_] = [frame for frame in read if frame is not None]
    return [some.clear() if frame is None else frame for frame in read]


def beside(shape: Shape, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row per key of either: the keys, then each column as it was and, with AFTER at its name, as it is.

    IN_BEFORE and IN_AFTER say on which side there is a row at all.
    """
    left, right = before.with_columns(pl.lit(True).alias(IN_BEFORE)), after.with_columns(pl.lit(True).alias(IN_AFTER))
    joined = left.join(right, on=list(shape.keys), how="full", coalesce=True, nulls_equal=True, suffix=AFTER)
    return joined.with_columns(pl.col(IN_BEFORE, IN_AFTER).fill_null(False))


def is_changed(column: str) -> pl.Expr:
    """Whether the cell has another value, came or went."""
    moved = pl.col(IN_BEFORE) != pl.col(IN_AFTER)
    return moved | pl.col(column).ne_missing(pl.col(f"{column}{AFTER}"))


def _content(file: DataFile | None) -> str | None:
    return file.sha256 if file else None
