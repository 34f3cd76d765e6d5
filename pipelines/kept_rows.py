"""What a run reads of states more than once, kept in memory: the rows of the persons it asks about, and their dates.

Who these persons are, and what is made of their rows, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from pipelines.parts import PERSON, first_day_in, scan_rows
from pipelines.patches import Patch, PatchedStore
from warehouse.catalog import Catalog
from warehouse.codes import shard_in
from warehouse.manifest import DataFile
from warehouse.store import Store

OWNER = ["shard", PERSON]
NUMBER = ".number"
_NUMBERED = pl.Schema({"shard": pl.UInt16, PERSON: pl.UInt32, NUMBER: pl.UInt32})
_Files = tuple[DataFile, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Some persons (shard, person) with a number each: in whatever shard, no two have the same. `among` are the
    expected ones, if all of these are, and `is_wanted` says of each of those whether it is asked about."""

    persons: pl.DataFrame
    among: pl.DataFrame | None = None
    is_wanted: pl.Series = field(default_factory=pl.Series)
    are_restated: bool = False


@dataclass(frozen=True, slots=True)
class Successor:
    """The files in place of earlier ones. `replaced` reads the owners of rows that are others in them (shard, person,
    month) and the rows that these had in the earlier ones, each with its shard and month: null where a state has no
    months."""

    files: _Files
    replaced: Callable[[], tuple[pl.DataFrame, pl.DataFrame]]


class KeptRows:
    """Say once who is expected to be asked about: their rows are kept. Those of others are read each time."""

    def __init__(self) -> None:
        self._expected = pl.DataFrame(schema=_NUMBERED)
        self._restated = 0
        self._places = _Places(self._expected)
        self._told: pl.DataFrame | None = None
        self._rows: dict[tuple[str, _Files, bool], pl.DataFrame] = {}
        self._made: dict[tuple[str, _Files], pl.DataFrame] = {}

    def expect(self, persons: pl.DataFrame, restated: pl.DataFrame) -> None:
        """Besides those expected before; of the restated, some of them, the rows are found soonest. What was kept is
        read again if there are others among them."""
        if persons is self._told:
            return
        self._told, before = persons, self._expected.select(OWNER)
        both = pl.concat([before, persons.select(OWNER)]).unique()
        if both.height > before.height:
            first = pl.concat([before.head(self._restated), restated.select(OWNER)]).unique()
            self._expected = _numbered(pl.concat([first, both.join(first, on=OWNER, how="anti")]))
            self._restated = first.height
            self._places = _Places(self._expected)
            self._rows.clear()

    def asked(self, persons: pl.DataFrame) -> Asked:
        """These persons (shard, person), under the numbers that they have in all states."""
        numbers = self._places.of(persons)
        if numbers.null_count():
            return Asked(_numbered(persons))
        are_restated = bool((numbers < self._restated).all())
        is_wanted = pl.zeros(self._expected.height, pl.Boolean, eager=True).scatter(numbers, True)
        return Asked(persons.select(*OWNER, numbers), self._expected, is_wanted, are_restated)

    def of(
        self,
        store: Store,
        catalog: Catalog,
        table: str,
        files: _Files,
        asked: Asked,
        successor: Successor | None = None,
    ) -> pl.DataFrame:
        """The rows of the files of a state that are of these persons, each under a number in place of the person. Of
        expected persons no earlier files are read where they have a successor."""
        if asked.among is not None and asked.among is not self._expected:
            asked = self.asked(asked.persons)
        if asked.among is None:
            rows = _State(store, catalog, table, are_restated=False).read(files, asked.persons)
        else:
            known = _State(store, catalog, table, are_restated=asked.are_restated)
            rows = self._of_expected(known, files, successor)
            rows = rows.filter(asked.is_wanted.gather(rows[NUMBER]))
        return rows.with_columns(pl.col(NUMBER).alias(PERSON)).drop(NUMBER)

    def known_as(self, numbers: pl.Series) -> pl.DataFrame:
        """The expected persons (shard, person) of these numbers."""
        return self._expected.filter(pl.col(NUMBER).is_in(numbers.implode())).select(OWNER)

    def made_of(self, table: str, files: _Files, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What is always made of all the files of a state in this run, made once."""
        key = (table, files)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _of_expected(self, state: _State, files: _Files, successor: Successor | None = None) -> pl.DataFrame:
        """The rows of all that are expected, or of the restated among them."""
        key = (state.table, files, state.are_restated)
        if key not in self._rows:
            self._rows[key] = self._found(state, files, successor)
        return self._rows[key]

    def _found(self, state: _State, files: _Files, successor: Successor | None) -> pl.DataFrame:
        persons = self._expected.head(self._restated) if state.are_restated else self._expected
        if isinstance(state.store, PatchedStore) and (patches := state.store.patches(files)):
            beneath = self._of_expected(state, state.store.beneath(files), successor)
            left = beneath.filter(pl.all_horizontal(_stays(patch) for patch in patches))
            return pl.concat([left, state.read([patch.rows for patch in patches], persons)])
        if successor is not None:
            return self._before(state, files, successor, persons)
        if state.are_restated:
            whole = self._of_expected(replace(state, are_restated=False), files)
            return whole.filter(pl.col(NUMBER) < self._restated)
        return state.read(files, persons)

    def _before(self, state: _State, files: _Files, successor: Successor, persons: pl.DataFrame) -> pl.DataFrame:
        """The rows of earlier files, from those of their successor."""
        now = self._of_expected(state, successor.files)
        month = pl.lit(None, pl.Date) if first_day_in(files[0].partition) is None else pl.col("day").dt.truncate("1mo")
        is_in_files = pl.col("month").is_in([first_day_in(file.partition) for file in files], nulls_equal=True)
        owners, rows = successor.replaced()
        others = owners.join(persons, on=OWNER).select(NUMBER, "month")
        left = now.with_columns(month=month).filter(is_in_files)
        left = left.join(others, on=others.columns, how="anti", nulls_equal=True)
        gone = rows.filter(is_in_files).join(persons, on=OWNER)
        return pl.concat([left.select(now.columns), gone.select(now.columns)])


@dataclass(frozen=True, slots=True)
class _State:
    """Where rows of a state are read, and whether only those of the restated are."""

    store: Store
    catalog: Catalog
    table: str
    are_restated: bool

    def read(self, files: Sequence[DataFile], persons: pl.DataFrame) -> pl.DataFrame:
        """The rows of these persons, each with its owner's number."""
        nothing = scan_rows(self.store, self.catalog, self.table, [])
        parts = [nothing.with_columns(pl.lit(None, pl.UInt32).alias(NUMBER)).collect()]
        for (shard,), mine in persons.partition_by("shard", as_dict=True).items():
            own = [file for file in files if shard_in(file.partition) == shard]
            rows = scan_rows(self.store, self.catalog, self.table, own)
            known = rows.filter(pl.col(PERSON).is_in(mine[PERSON].implode()))
            numbers = mine.lazy().select(PERSON, NUMBER)
            parts.append(known.join(numbers, on=PERSON).select(parts[0].columns).collect())
        return pl.concat(parts)


class _Places:
    """The number of each of some persons, found by its place: a code is less than there are persons in a shard."""

    def __init__(self, numbered: pl.DataFrame) -> None:
        self._codes = int(numbered[PERSON].max() or 0) + 1  # type: ignore[arg-type]
        self._shards = int(numbered["shard"].max() or 0) + 1  # type: ignore[arg-type]
        nobody = pl.repeat(None, self._shards * self._codes, dtype=pl.UInt32, eager=True)
        self._numbers = nobody.scatter(numbered.select(self._place()).to_series(), numbered[NUMBER]).alias(NUMBER)

    def of(self, persons: pl.DataFrame) -> pl.Series:
        """Their numbers, in their order; null for others."""
        is_in_place = (pl.col(PERSON) < self._codes) & (pl.col("shard") < self._shards)
        places = persons.select(pl.when(is_in_place).then(self._place())).to_series()
        return self._numbers.gather(places)

    def _place(self) -> pl.Expr:
        return pl.col("shard").cast(pl.UInt32) * self._codes + pl.col(PERSON)


def _stays(patch: Patch) -> pl.Expr:
    """Which rows of a state over all shards and months stay under a patch: one of another file says nothing of them."""
    month = first_day_in(patch.over.partition)
    is_elsewhere = pl.col("shard") != shard_in(patch.over.partition)
    if month is not None:
        is_elsewhere |= pl.col("day").dt.truncate("1mo") != month
    return is_elsewhere | patch.stays


def _numbered(persons: pl.DataFrame) -> pl.DataFrame:
    """Each with its place, from 0 on."""
    return persons.select(*OWNER, pl.int_range(pl.len(), dtype=pl.UInt32).alias(NUMBER))
