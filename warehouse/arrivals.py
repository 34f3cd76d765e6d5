"""The rows that a run takes in, by shard and month: in memory while they are few, beyond that in scratch files.

So what a run needs at once is a file, then some months of one shard, however much arrived; and the ids of all people.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from warehouse.codes import shard_of

ROWS_IN_MEMORY = 1_000_000
KINDS = ("user", "customer")


Place = tuple[int, int]  # shard, and the month as year * 100 + month; 0 where the table has none


class Arrivals:
    """Add the rows of file after file, number the people, then read shard by shard.

    `person` is the id whose shard a row belongs to; where a table has no shards (None) all rows are of shard 0. Rows
    carry `shard` and `month`, which is 0 for tables that are not `by_month`.
    """

    def __init__(self, scratch: Path, person: str | None, shards: int, *, by_month: bool) -> None:
        self._scratch = scratch
        self._person = person
        self._shards = shards
        self._month = month_number() if by_month else pl.lit(0, pl.Int32)
        self._waiting: list[pl.DataFrame] = []
        self._rows_waiting = 0
        self._spilled: dict[Place, list[Path]] = {}
        self._sizes: Counter[Place] = Counter()
        self._ids: dict[str, list[pl.Series]] = {}
        self._numbers: Mapping[str, pl.DataFrame] = {}
        self.rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Takes canonical rows without codes."""
        person = self._person
        for kind in KINDS if person else ():
            if f"{kind}_id" in rows.columns:
                self._ids.setdefault(kind, []).append(rows[f"{kind}_id"].unique())
        shard = shard_of(rows[person], self._shards) if person else pl.lit(0, pl.UInt16)
        placed = rows.with_columns(shard=shard).with_columns(month=self._month)
        for number, month, size in placed.group_by("shard", "month").len().iter_rows():
            self._sizes[number, month] += size
        self._waiting.append(placed)
        self._rows_waiting += rows.height
        self.rows += rows.height
        if self._rows_waiting > ROWS_IN_MEMORY:
            self._spill()

    def people(self) -> dict[str, pl.Series]:
        """The ids of each kind of person among all rows."""
        return {kind: pl.concat(parts).unique() for kind, parts in self._ids.items()}

    def number(self, people: Mapping[str, pl.DataFrame]) -> None:
        """From now on rows come with the codes and shards of these people (id, shard, code)."""
        self._numbers = people

    def shards(self) -> list[int]:
        return sorted({shard for shard, _ in self._sizes})

    def of_shard(self, shard: int) -> Iterator[tuple[Place, pl.DataFrame]]:
        """The rows of each place of a shard, with codes, in no particular order; at once as many places as fit."""
        for places in self._that_fit([place for place in sorted(self._sizes) if place[0] == shard]):
            rows = self._numbered(pl.concat([part for place in places for part in self._of_place(place)]))
            start = 0
            for place in places:
                yield place, rows.slice(start, self._sizes[place])
                start += self._sizes[place]

    def _of_place(self, place: Place) -> Iterator[pl.DataFrame]:
        if place in self._held_by_place:
            yield self._held_by_place[place]
        for path in self._spilled.get(place, []):
            yield pl.read_ipc(path)

    def _that_fit(self, places: Sequence[Place]) -> Iterator[list[Place]]:
        fitting: list[Place] = []
        for place in places:
            if fitting and sum(self._sizes[one] for one in (*fitting, place)) > ROWS_IN_MEMORY:
                yield fitting
                fitting = []
            fitting.append(place)
        if fitting:
            yield fitting

    def _numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        for kind, numbers in self._numbers.items():
            taken = ["shard"] if self._person == f"{kind}_id" else []
            numbered = numbers.drop(taken).rename({"id": f"{kind}_id", "code": kind})
            numbered = numbered.rename({"shard": f"{kind}_shard"}, strict=False)
            rows = rows.join(numbered, on=f"{kind}_id", how="left", maintain_order="left")
        return rows

    def all(self) -> pl.LazyFrame:
        """Every row, without codes."""
        paths = [path for place in sorted(self._spilled) for path in self._spilled[place]]
        return pl.concat([*(part.lazy() for part in self._held()), *([pl.scan_ipc(paths)] if paths else [])])

    def discard(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _held(self) -> list[pl.DataFrame]:
        """What is in memory, in one piece."""
        if len(self._waiting) > 1:
            self._waiting = [pl.concat(self._waiting)]
        return self._waiting

    def _spill(self) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        for (shard, month), rows in self._parted().items():
            paths = self._spilled.setdefault((shard, month), [])
            paths.append(self._scratch / f"{shard}.{month}.{len(paths)}.arrow")
            rows.write_ipc(paths[-1], compression="lz4")
        self._waiting, self._rows_waiting = [], 0
        # Of most people there were rows in several files.
        self._ids = {kind: [ids] for kind, ids in self.people().items()}

    @cached_property
    def _held_by_place(self) -> dict[Place, pl.DataFrame]:
        """What is in memory once all rows are added."""
        parted = self._parted()
        self._waiting = list(parted.values())
        return parted

    def _parted(self) -> dict[Place, pl.DataFrame]:
        parts: dict[Place, pl.DataFrame] = {}
        for rows in self._held():
            for (shard, month), part in rows.partition_by("shard", "month", as_dict=True).items():
                assert isinstance(shard, int)
                assert isinstance(month, int)
                parts[shard, month] = part
        return parts


def month_number() -> pl.Expr:
    """The month of `day` as year * 100 + month."""
    return pl.col("day").dt.year() * 100 + pl.col("day").dt.month()
