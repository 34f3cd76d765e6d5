"""Merges what arrived into the lake: every version of every row is kept, the current one is marked.

Only partitions that change are read whole and written again; of the others at most the id columns are read. Which
version counts is decided in versions.py, what a row means long before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

import polars as pl

from warehouse import source_rows
from warehouse.arrivals import Arrivals, Place, month_number
from warehouse.codes import SHARD, shard_name, shard_of
from warehouse.contract import Contract
from warehouse.extracts import Extracts, with_eligibility
from warehouse.key_ranges import that_may_hold
from warehouse.manifest import DataFile
from warehouse.names import MONTH, WHOLE
from warehouse.rewriting import Rewriting, marked
from warehouse.source_rows import Moved
from warehouse.store import Store
from warehouse.versions import are_current, shared

_ROW = ["file", "row"]

ROWS_JUDGED_AT_ONCE = 5_000_000
HASHES_AT_ONCE = 20_000_000
_Frame = TypeVar("_Frame", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: partitions with their new file (None: gone), and what follows from it.

    `touched_from` is the earliest day on which current rows differ from before; `superseded` how many more rows of
    each file another version stands for; `newest_day` that of all current rows, plans for later days apart; `moved` the
    rows that count otherwise than before, if they were asked for.
    """

    changes: Mapping[str, DataFile | None]
    touched_from: date | None = None
    is_changed: bool = False
    newest_day: date | None = None
    superseded: Mapping[str, int] = field(default_factory=dict)
    moved: Moved | None = None


class Lake:
    """The partitions of one source as they were before, in a warehouse of so many shards."""

    def __init__(self, store: Store, contract: Contract, shards: int, before: Mapping[str, DataFile]) -> None:
        self._store = store
        self._contract = contract
        self._shards = shards
        self._before = before
        self._is_subscription = "gone_day" in contract.table.polars_schema()
        self._partitioning = contract.table.partitioning

    def merge(
        self,
        arrivals: Arrivals,
        replaced: Set[str],
        extracts: Extracts | None = None,
        today: date = date.max,
        *,
        keeps_moves: bool = False,
    ) -> Merged:
        """Adds the arrived rows, takes out the rows of the replaced files' former selves, and marks what is current."""
        leaving = self._leaving(replaced)
        verdicts = self._by_place(self._verdicts(arrivals, leaving, replaced, extracts))
        others = {*self._by_place(leaving), *verdicts}
        rewriting = Rewriting(
            self._store, self._contract, replaced, is_extract=extracts is not None, keeps_moves=keeps_moves
        )
        for shard in sorted({*arrivals.shards(), *(shard for shard, _ in others)}):
            untouched = {place for place in others if place[0] == shard}
            fresh = partial(_arriving, verdicts=[part for place, part in verdicts.items() if place[0] == shard])
            for place, arrived in arrivals.of_shard(shard, fresh):
                name = self._name(place)
                rewriting.rewrite(name, self._before.get(name), arrived, verdicts.get(place))
                untouched.discard(place)
            for place in sorted(untouched):
                name = self._name(place)
                rewriting.rewrite(name, self._before.get(name), None, verdicts.get(place))
        return Merged(
            changes=rewriting.changes,
            touched_from=rewriting.touched_from,
            is_changed=rewriting.is_changed,
            newest_day=self._newest_day({**self._before, **rewriting.changes}, today),
            superseded=rewriting.superseded,
            moved=self._moved(rewriting) if keeps_moves else None,
        )

    def _moved(self, rewriting: Rewriting) -> Moved:
        table = self._contract.table
        nothing = pl.DataFrame(schema=table.polars_schema())
        return source_rows.apart(
            table.name, *(pl.concat([nothing, *side]) for side in (rewriting.gone, rewriting.come))
        )

    def _placed(self, rows: _Frame) -> _Frame:
        if self._partitioning != "shard/month":
            return rows.with_columns(month=pl.lit(0, pl.Int32))
        return rows.with_columns(month=month_number())

    def _name(self, place: Place) -> str:
        shard, month = place
        if self._partitioning == "whole":
            return WHOLE
        name = shard_name(shard, self._shards)
        return f"{name}/{MONTH}{month // 100:04d}-{month % 100:02d}" if month else name

    def _known(self, files: Iterable[DataFile]) -> pl.LazyFrame:
        """Of the rows of these files, what deciding between versions needs."""
        person = self._contract.PERSON
        rows = self._store.scan(files, self._contract.table.polars_schema())
        return self._contending(rows.with_columns(person=pl.col(person) if person else pl.lit("", pl.String)))

    def _leaving(self, replaced: Set[str]) -> pl.DataFrame:
        def of_replaced(rows: pl.LazyFrame) -> pl.LazyFrame:
            return rows.filter(pl.col("file").is_in(sorted(replaced)))

        having = self._store.having(self._before.values(), of_replaced) if replaced else []
        return self._located(of_replaced(self._known(having)).collect())

    def _located(self, rows: pl.DataFrame) -> pl.DataFrame:
        shards = shard_of(rows["person"], self._shards) if self._contract.PERSON else pl.lit(0, SHARD)
        return self._placed(rows.with_columns(shard=shards))

    def _verdicts(
        self, arrivals: Arrivals, leaving: pl.DataFrame, replaced: Set[str], extracts: Extracts | None
    ) -> pl.DataFrame:
        """The rows whose mark differs from what they have (arrived: current): place, file, row, is_current (and
        gone_day). What may compete with each other is judged together, as much at once as fits."""
        keys = pl.concat([arrivals.all().select(key=self._contract.key()), leaving.lazy().select("key")]).drop_nulls()
        rivals = self._rivals(keys, replaced, extracts)
        shared = self._shared(arrivals) if extracts is None else None
        at_once = arrivals.rows if shared is None or self._before else 2 * len(shared)
        parts = 1 + at_once // ROWS_JUDGED_AT_ONCE
        judged = []
        for part in range(parts):
            name = "subscription_id" if self._is_subscription else "key"
            mine = pl.col(name).hash() % parts == part if parts > 1 else pl.lit(True)
            old = self._located(rivals.filter(mine).collect())
            new = self._contending(arrivals.all().with_columns(is_current=pl.lit(True))).filter(mine)
            if shared is not None:
                new = new.filter(pl.col("key").hash().is_in(pl.concat([shared, old["key"].hash()]).implode()))
            judged.append(self._judged(new.collect(), old, extracts))
        return pl.concat(judged)

    def _shared(self, arrivals: Arrivals) -> pl.Series:
        """The hashes that the keys of several arrivals have: an arrival that shares its own with no row wins."""
        parts = 1 + arrivals.rows // HASHES_AT_ONCE
        hashes = arrivals.all().select(key=self._contract.key()).drop_nulls().select(pl.col("key").hash())
        found = (hashes.filter(pl.col("key") % parts == part).collect()["key"] for part in range(parts))
        return pl.concat([shared(part) for part in found])

    def _judged(self, new: pl.DataFrame, old: pl.DataFrame, extracts: Extracts | None) -> pl.DataFrame:
        contenders = pl.concat([new, old.select(new.columns)])
        judged = with_eligibility(contenders, extracts, self._is_subscription)
        judged = judged.with_columns(are_current(judged).alias("counts"))
        changed = pl.col("counts") != pl.col("is_current")
        if not self._is_subscription:
            return judged.filter(changed).select(*_ROW, "shard", "month", is_current="counts")
        changed = changed | pl.col("gone_day").ne_missing(pl.col("gone"))
        return judged.filter(changed).select(*_ROW, "shard", "month", is_current="counts", gone_day="gone")

    def _rivals(self, keys: pl.LazyFrame, replaced: Set[str], extracts: Extracts | None) -> pl.LazyFrame:
        """The rows already there that compete with what arrives or lose a rival that leaves; of an extract, all."""
        if extracts is not None or not self._before:
            return self._staying(self._before.values(), replaced)
        found = keys.unique().collect()
        wanted = found.lazy()

        def contending(rows: pl.LazyFrame) -> pl.LazyFrame:
            return rows.with_columns(key=self._contract.key()).join(wanted, on="key", how="semi")

        possible = that_may_hold(self._store, self._before.values(), self._contract.key(), found["key"])
        having = self._store.having(possible, contending)
        return self._staying(having, replaced).join(wanted, on="key", how="semi")

    def _staying(self, files: Iterable[DataFile], replaced: Set[str]) -> pl.LazyFrame:
        rows = self._known(files)
        return rows.filter(~pl.col("file").is_in(sorted(replaced))) if replaced else rows

    def _contending(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """What deciding between versions needs of rows."""
        version = self._contract.VERSION
        return rows.select(
            *_ROW,
            "day",
            "is_current",
            *(name for name in ("shard", "month", "person") if name in rows.collect_schema()),
            key=self._contract.key(),
            version=pl.col(version) if version else pl.lit(None, pl.Datetime("us", "UTC")),
            **{name: pl.col(name) for name in ("subscription_id", "gone_day") if self._is_subscription},
        )

    def _by_place(self, rows: pl.DataFrame) -> dict[Place, pl.DataFrame]:
        return {_place(key): part for key, part in rows.partition_by("shard", "month", as_dict=True).items()}

    def _newest_day(self, files: Mapping[str, DataFile | None], today: date) -> date | None:
        """The newest day of a current row that is not to come, looked for in the newest months first."""
        months: dict[str, list[DataFile]] = {}
        for name, file in files.items():
            if file is not None:
                months.setdefault(name.rpartition(MONTH)[2] if MONTH in name else "", []).append(file)
        for month in sorted(months, reverse=True):
            rows = self._store.scan(months[month]).filter("is_current", pl.col("day") <= today)
            newest: date | None = rows.select(pl.col("day").max()).collect().item()
            if newest is not None:
                return newest
        return None


def _arriving(rows: pl.DataFrame, verdicts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows that arrive, current where no verdict says otherwise."""
    rows = rows.with_columns(is_current=pl.lit(True))
    return marked(rows, pl.concat(verdicts)) if verdicts else rows


def _place(key: tuple[object, ...]) -> Place:
    shard, month = key
    assert isinstance(shard, int)
    assert isinstance(month, int)
    return shard, month
