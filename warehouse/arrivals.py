"""The rows that a run takes in, by shard: in memory while they are few, beyond that in scratch files.

So what a run needs at once is a file, then the rows of one shard, however much arrived.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from warehouse.codes import shard_of

ROWS_IN_MEMORY = 2_500_000
KINDS = ("user", "customer")


class Arrivals:
    """Add the rows of file after file, number the people, then read shard by shard.

    `person` is the id whose shard a row belongs to; where a table has no shards (None) all rows are of shard 0.
    """

    def __init__(self, scratch: Path, person: str | None, shards: int) -> None:
        self._scratch = scratch
        self._person = person
        self._shards = shards
        self._waiting: list[pl.DataFrame] = []
        self._rows_waiting = 0
        self._spilled: dict[int, list[Path]] = {}
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
        self._waiting.append(rows.with_columns(shard=shard))
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
        found = {shard for part in self._held() for shard in part["shard"].unique()}
        return sorted(found | self._spilled.keys())

    def of_shard(self, shard: int) -> pl.DataFrame:
        """The rows of a shard, with codes, in no particular order."""
        rows = self._scan([shard]).collect()
        for kind, numbers in self._numbers.items():
            taken = ["shard"] if self._person == f"{kind}_id" else []
            numbered = numbers.drop(taken).rename({"id": f"{kind}_id", "code": kind})
            rows = rows.join(numbered.rename({"shard": f"{kind}_shard"}, strict=False), on=f"{kind}_id", how="left")
        return rows

    def all(self) -> pl.LazyFrame:
        """Every row, without codes."""
        return self._scan(self.shards())

    def discard(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _scan(self, shards: list[int]) -> pl.LazyFrame:
        paths = [path for shard in shards for path in self._spilled.get(shard, [])]
        parts = [part.lazy().filter(pl.col("shard").is_in(shards)) for part in self._held()]
        return pl.concat([*parts, *([pl.scan_ipc(paths)] if paths else [])])

    def _held(self) -> list[pl.DataFrame]:
        """What is in memory, in one piece."""
        if len(self._waiting) > 1:
            self._waiting = [pl.concat(self._waiting)]
        return self._waiting

    def _spill(self) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        (held,) = self._held()
        self._waiting, self._rows_waiting = [], 0
        for (shard,), rows in held.partition_by("shard", as_dict=True).items():
            assert isinstance(shard, int)
            paths = self._spilled.setdefault(shard, [])
            paths.append(self._scratch / f"{shard}.{len(paths)}.arrow")
            rows.write_ipc(paths[-1], compression="lz4")
