"""Writes partitions of a source anew: rows out, rows in, marks set; and keeps account of what that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date

import polars as pl

from warehouse.contract import Contract
from warehouse.key_ranges import with_ranges
from warehouse.manifest import DataFile
from warehouse.ordering import in_order
from warehouse.store import Store
from warehouse.versions import without_repeats

LAYER = "sources"
_CODE_OF = {"user_id": "user", "customer_id": "customer"}
_ROW = ["file", "row"]
_BOOKKEEPING = (*_ROW, "is_current")
_BEFORE = ".before"


@dataclass(frozen=True, slots=True)
class Change:
    """A partition with the file it has, the rows that arrive in it, which are marked already, and marks that rows of it
    get."""

    name: str
    previous: DataFile | None
    arrived: pl.DataFrame | None
    verdicts: pl.DataFrame | None


class Rewriting:
    """Call `rewrite` for each group of partitions that change; then read the account.

    `changes`: partitions with their new file (None: gone). `touched_from`: the earliest day on which current rows
    differ. `is_changed`: whether any do. `superseded`: how many more rows of a file another version stands for. `gone`
    and `come`, if they are to be kept: the rows that counted or count now and left, came, or have other marks.
    """

    def __init__(
        self, store: Store, contract: Contract, replaced: Set[str], *, is_extract: bool, keeps_moves: bool
    ) -> None:
        self._store = store
        self._contract = contract
        self._replaced = sorted(replaced)
        self._is_leaving = pl.col("file").is_in(self._replaced)
        self._is_extract = is_extract
        self._keeps_moves = keeps_moves
        self._arrow_schema = contract.table.arrow_schema()
        self._schema = contract.table.polars_schema()
        self._business = [name for name in self._schema if name not in _BOOKKEEPING]
        self._marks = [name for name in ("is_current", "gone_day") if name in self._schema]
        self.changes: dict[str, DataFile | None] = {}
        self.superseded: Counter[str] = Counter()
        self.touched_from: date | None = None
        self.is_changed = False
        self.gone: list[pl.DataFrame] = []
        self.come: list[pl.DataFrame] = []

    def rewrite(self, changes: Sequence[Change]) -> None:
        """Partitions of one place, together: that a row lies in another of them is no change. Each is written without
        the replaced files' rows, the others marked as the verdicts say, and with the arrived ones."""
        gone, come = (pl.concat(side) for side in zip(*(self._rewritten(one) for one in changes), strict=True))
        if self._keeps_moves:
            self.gone.append(gone)
            self.come.append(come)
        days = self._differing_days(gone, come)
        if days.is_empty():
            return
        self.is_changed = True
        dated = [day for day in (days.min(), self.touched_from) if isinstance(day, date)]
        self.touched_from = min(dated, default=None)

    def _rewritten(self, change: Change) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Writes one; returns the rows that counted before and those that count now, as far as they differ."""
        name, previous, arrived, verdicts = change.name, change.previous, change.arrived, change.verdicts
        before = pl.read_parquet(self._store.path(previous)) if previous else None
        parts = []
        if before is not None:
            staying = before.filter(~self._is_leaving) if self._replaced else before
            kept = staying.with_columns(pl.col(self._marks).name.suffix(_BEFORE))
            parts.append(kept if verdicts is None else marked(kept, verdicts))
        if arrived is not None:
            parts.append(arrived.select(*self._schema.names(), *_absent(self._marks)))
        judged = self._with_repeats_judged(pl.concat(parts, rechunk=True))
        self._note_superseded(before, judged)
        rows = self._in_order(judged.select(self._schema.names()))
        self.changes[name] = self._written(name, rows, previous) if rows.height else None
        return self._turned(before, judged)

    def _written(self, name: str, rows: pl.DataFrame, previous: DataFile | None) -> DataFile:
        schema = with_ranges(self._arrow_schema, rows, self._contract.key())
        table = self._contract.table.name
        return self._store.write(LAYER, table, name, rows, schema, previous=previous)

    def _with_repeats_judged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows without a key meet their like only in their own partition, so they are judged here, afresh."""
        if not self._contract.REPEATS_ARE_ONE:
            return rows
        key = self._contract.key()
        if not rows.select(key.is_null().any()).item():
            return rows
        if not self._is_extract:
            rows = rows.with_columns(pl.col("is_current") | key.is_null())
        return without_repeats(rows, key, self._business)

    def _in_order(self, rows: pl.DataFrame) -> pl.DataFrame:
        code = [_CODE_OF[name] for name in (self._contract.PERSON,) if name]
        return in_order(rows, [*code, self._contract.TIME, *_ROW])

    def _note_superseded(self, before: pl.DataFrame | None, after: pl.DataFrame) -> None:
        for rows, sign in ((before, -1), (after, 1)):
            if rows is not None and not rows["is_current"].all():
                for file, count in rows.filter(~rows["is_current"])["file"].value_counts().iter_rows():
                    self.superseded[file] += sign * count

    def _turned(self, before: pl.DataFrame | None, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows that counted before and leave or have other marks, and those that count and came or have other
        marks. A row that stays with the marks it had is on both sides."""
        names = self._schema.names()
        if before is None:
            return rows.select(names).clear(), rows.filter("is_current").select(names)
        leaving = before.filter(self._is_leaving) if self._replaced else before.clear()
        is_other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}{_BEFORE}")) for name in self._marks)
        other = rows.filter(is_other)
        former = other.with_columns(pl.col(f"{name}{_BEFORE}").alias(name) for name in self._marks)
        gone = pl.concat(part.filter("is_current").select(names) for part in (leaving, former))
        return gone, other.filter("is_current").select(names)

    def _differing_days(self, gone: pl.DataFrame, come: pl.DataFrame) -> pl.Series:
        """The days of current rows, whatever their origin, of which there are not as many as before."""
        if gone.is_empty():
            return come["day"]
        sides = (rows.lazy().select(*self._business, sign=pl.lit(sign)) for rows, sign in ((gone, -1), (come, 1)))
        sums = pl.concat(sides).group_by(self._business).agg(pl.col("sign").sum())
        return sums.filter(pl.col("sign") != 0).select("day").collect()["day"]


def _absent(marks: Sequence[str]) -> list[pl.Expr]:
    """A row that was not there counted for nothing."""
    nothing = {"is_current": pl.lit(False), "gone_day": pl.lit(None, pl.Date)}
    return [nothing[name].alias(f"{name}{_BEFORE}") for name in marks]


def marked(rows: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """The rows in their order; those with a verdict (by file and row) with its `is_current` and `gone_day`."""
    fresh = [name for name in verdicts.columns if name in ("is_current", "gone_day")]
    # Most rows are not judged anew: numbers tell them apart more cheaply than the names of files.
    judged = (
        rows.lazy()
        .select(*_ROW, place=pl.int_range(pl.len()))
        .filter(pl.col("row").is_in(verdicts["row"].implode()))
        .join(verdicts.lazy(), on=_ROW)
        .collect(engine="in-memory")
    )
    return rows.with_columns(rows[name].scatter(judged["place"], judged[name]) for name in fresh)
