"""The rows that a run takes in, by shard and month: in memory while they are few, beyond that in scratch files.

So what a run needs at once is a file, then some months of one shard, however much arrived; and the ids of all people.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from warehouse.codes import SHARD, shard_of

ROWS_IN_MEMORY = 1_000_000
KINDS = ("user", "customer")


Place = tuple[int, int]  # shard, and the month as year * 100 + month; 0 where the table has none


class Names:
    """Gives every text a number, from 0 on, in no order that means anything."""

    def __init__(self) -> None:
        self._dtype = pl.Categorical(pl.Categories.random())
        # The numbers are kept while there is a column of them.
        self._kept = pl.Series([], dtype=self._dtype)
        self._count = 0

    def numbered(self, texts: pl.Series) -> pl.Series:
        """The texts as numbers."""
        numbers = texts.cast(self._dtype).to_physical()
        largest = numbers.max()
        self._count = max(self._count, largest + 1 if isinstance(largest, int) else 0)
        return numbers

    def texts(self, numbers: pl.Expr) -> pl.Expr:
        """The numbers as texts."""
        return numbers.cat.to(self._dtype).cast(pl.String)

    def known(self, first: int = 0) -> pl.Series:
        """The texts by their numbers, from one number on."""
        return pl.select(self.texts(pl.int_range(first, self._count, dtype=pl.UInt32))).to_series()


class Arrivals:
    """Add the rows of file after file, number the people, then read shard by shard.

    `person` is the id whose shard a row belongs to; where a table has no shards (None) all rows are of shard 0. Rows
    carry `shard` and `month`, which is 0 for tables that are not `by_month`. While they wait, the id of a person is the
    number of its name: it is as often moved as an event, and a number is moved and kept more cheaply than a text.
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
        self._names: dict[str, Names] = {}
        self._shard_by_name = pl.Series([], dtype=SHARD)
        self._numbers: dict[str, pl.DataFrame] = {}
        self.rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Takes canonical rows without codes."""
        for kind in KINDS if self._person else ():
            if f"{kind}_id" in rows.columns:
                self._names.setdefault(kind, Names())
        named = rows.with_columns(names.numbered(rows[f"{kind}_id"]) for kind, names in self._names.items())
        placed = named.with_columns(shard=self._shard_of(named), month=self._month)
        for number, month, size in placed.group_by("shard", "month").len().iter_rows():
            self._sizes[number, month] += size
        self._waiting.append(placed)
        self._rows_waiting += rows.height
        self.rows += rows.height
        if self._rows_waiting > ROWS_IN_MEMORY:
            self._spill()

    def people(self) -> dict[str, pl.Series]:
        """The ids of each kind of person among all rows."""
        return {kind: names.known() for kind, names in self._names.items()}

    def number(self, people: Mapping[str, pl.DataFrame]) -> None:
        """From now on rows come with the codes and shards of these people (id, shard, code)."""
        for kind, names in self.people().items():
            known = people[kind].rename({"code": kind, "shard": f"{kind}_shard"})
            named = pl.DataFrame({"id": names}).join(known, on="id", how="left", maintain_order="left")
            taken = ["user_shard"] if kind == "user" else ["customer_shard"] if self._person == "customer_id" else []
            self._numbers[kind] = named.rename({"id": f"{kind}_id"}).drop(taken)

    def shards(self) -> list[int]:
        return sorted({shard for shard, _ in self._sizes})

    def of_shard(
        self, shard: int, marked: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> Iterator[tuple[Place, pl.DataFrame]]:
        """The rows of each place of a shard, with codes, in no particular order; at once as many places as fit.

        `marked` is done to many places together: it may add columns, and leaves the rows in their order.
        """
        for places in self._that_fit([place for place in sorted(self._sizes) if place[0] == shard]):
            rows = marked(self._numbered(pl.concat([part for place in places for part in self._of_place(place)])))
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
            rows = rows.with_columns(numbers.select(pl.all().gather(rows[f"{kind}_id"])))
        return rows

    def all(self) -> pl.LazyFrame:
        """Every row, without codes."""
        paths = [path for place in sorted(self._spilled) for path in self._spilled[place]]
        rows = pl.concat([*(part.lazy() for part in self._held()), *([pl.scan_ipc(paths)] if paths else [])])
        return rows.with_columns(names.texts(pl.col(f"{kind}_id")) for kind, names in self._names.items())

    def _shard_of(self, rows: pl.DataFrame) -> pl.Series:
        """The shard of each row; that of a name is looked for once."""
        if self._person is None:
            return pl.repeat(0, rows.height, dtype=SHARD, eager=True)
        new = self._names[self._person.removesuffix("_id")].known(len(self._shard_by_name))
        self._shard_by_name = pl.concat([self._shard_by_name, shard_of(new, self._shards)])
        return self._shard_by_name.gather(rows[self._person])

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
