"""Merges what arrived into the lake: every version of every row is kept, the current one is marked.

Only partitions that change are read whole and written again; of the others at most the id columns are read. Which
version counts is decided in versions.py, what a row means long before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import polars as pl

from warehouse import source_rows
from warehouse.arrivals import Arrivals
from warehouse.codes import SHARD
from warehouse.contract import Contract
from warehouse.extracts import Extracts, with_eligibility
from warehouse.key_ranges import that_may_hold
from warehouse.manifest import DataFile
from warehouse.names import month_in
from warehouse.placing import Placing, beside
from warehouse.rewriting import Change, Rewriting, marked
from warehouse.source_rows import Moved
from warehouse.store import Store
from warehouse.versions import are_current, shared

_ROW = ["file", "row"]

ROWS_JUDGED_AT_ONCE = 5_000_000
HASHES_AT_ONCE = 20_000_000


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

    def merge(
        self,
        arrivals: Arrivals,
        replaced: Set[str],
        last_days: Mapping[str, date],
        extracts: Extracts | None = None,
        today: date = date.max,
        *,
        of_few_days: Set[str] = frozenset(),
        keeps_moves: bool = False,
    ) -> Merged:
        """Adds the arrived rows, takes out the rows of the replaced files' former selves, and marks what is current.
        `last_days` are the newest days of the files that arrive, `of_few_days` those files that are."""
        placing = Placing(self._contract, self._shards, last_days, of_few_days)
        leaving = self._leaving(replaced)
        verdicts = self._verdicts(arrivals, leaving, replaced, extracts)
        known = verdicts.drop_nulls("partition").partition_by("partition", as_dict=True)
        by_name = {str(name): part for (name,), part in known.items()}
        others: dict[str, set[str]] = {}
        for name in {*leaving["partition"], *by_name}:
            others.setdefault(beside(name), set()).add(name)

        def change(name: str, arrived: pl.DataFrame | None = None) -> Change:
            return Change(name, self._before.get(name), arrived, by_name.get(name))

        rewriting = Rewriting(
            self._store, self._contract, replaced, is_extract=extracts is not None, keeps_moves=keeps_moves
        )
        for shard in arrivals.shards():
            fresh = partial(_arriving, verdicts=verdicts.filter(pl.col("shard") == shard))
            for place, arrived in arrivals.of_shard(shard, fresh):
                rows = dict(placing.parted(place, arrived))
                names = rows.keys() | others.pop(placing.name(place), set())
                rewriting.rewrite([change(name, rows.get(name)) for name in sorted(names)])
        for names in others.values():
            rewriting.rewrite([change(name) for name in sorted(names)])
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

    def _known(self, files: Iterable[DataFile]) -> pl.LazyFrame:
        """Of the rows of these files, what deciding between versions needs, and the partition they are in."""
        rows = self._store.scan_with_partition(files, self._contract.table.polars_schema())
        return self._contending(rows.with_columns(shard=pl.lit(None, SHARD)))

    def _leaving(self, replaced: Set[str]) -> pl.DataFrame:
        def of_replaced(rows: pl.LazyFrame) -> pl.LazyFrame:
            return rows.filter(pl.col("file").is_in(sorted(replaced)))

        having = self._store.having(self._before.values(), of_replaced) if replaced else []
        return of_replaced(self._known(having)).collect()

    def _verdicts(
        self, arrivals: Arrivals, leaving: pl.DataFrame, replaced: Set[str], extracts: Extracts | None
    ) -> pl.DataFrame:
        """The rows whose mark differs from what they have (arrived: current): file, row, is_current (and gone_day); of
        those that arrived the shard, of the others the partition. What may compete with each other is judged together,
        as much at once as fits."""
        keys = pl.concat([arrivals.all().select(key=self._contract.key()), leaving.lazy().select("key")]).drop_nulls()
        rivals = self._rivals(keys, replaced, extracts)
        shared = self._shared(arrivals) if extracts is None else None
        at_once = arrivals.rows if shared is None or self._before else 2 * len(shared)
        parts = 1 + at_once // ROWS_JUDGED_AT_ONCE
        judged = []
        for part in range(parts):
            name = "subscription_id" if self._is_subscription else "key"
            mine = pl.col(name).hash() % parts == part if parts > 1 else pl.lit(True)
            old = rivals.filter(mine).collect()
            arrived = arrivals.all().with_columns(is_current=pl.lit(True), partition=pl.lit(None, pl.String))
            new = self._contending(arrived).filter(mine)
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
            return judged.filter(changed).select(*_ROW, "shard", "partition", is_current="counts")
        changed = changed | pl.col("gone_day").ne_missing(pl.col("gone"))
        return judged.filter(changed).select(*_ROW, "shard", "partition", is_current="counts", gone_day="gone")

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
            "shard",
            "partition",
            key=self._contract.key(),
            version=pl.col(version) if version else pl.lit(None, pl.Datetime("us", "UTC")),
            **{name: pl.col(name) for name in ("subscription_id", "gone_day") if self._is_subscription},
        )

    def _newest_day(self, files: Mapping[str, DataFile | None], today: date) -> date | None:
        """The newest day of a current row that is not to come, looked for in the newest months first."""
        months: dict[str, list[DataFile]] = {}
        for name, file in files.items():
            if file is not None:
                months.setdefault(month_in(name) or "", []).append(file)
        for month in sorted(months, reverse=True):
            rows = self._store.scan(months[month]).filter("is_current", pl.col("day") <= today)
            newest: date | None = rows.select(pl.col("day").max()).collect().item()
            if newest is not None:
                return newest
        return None


def _arriving(rows: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Rows that arrive, current where no verdict says otherwise."""
    rows = rows.with_columns(is_current=pl.lit(True))
    return marked(rows, verdicts) if verdicts.height else rows
