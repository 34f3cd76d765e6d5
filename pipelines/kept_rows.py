"""What a run reads of states more than once, kept in memory: the rows of the persons it asks about, and their dates.

Who these persons are, and what is made of their rows, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from pipelines.months import first_day_of
from pipelines.parts import PERSON, month_in, scan_rows
from pipelines.patches import Patch, PatchedStore
from warehouse.catalog import Catalog
from warehouse.codes import shard_in
from warehouse.manifest import DataFile
from warehouse.names import MONTH
from warehouse.store import Store

OWNER = ["shard", PERSON]
_NUMBER = ".number"
_Files = tuple[str, tuple[DataFile, ...]]
_NOBODY = pl.DataFrame(schema={"shard": pl.UInt16, PERSON: pl.UInt32, _NUMBER: pl.UInt32})


class KeptRows:
    """Say once who is expected to be asked about: their rows are kept. Those of others are read each time."""

    def __init__(self) -> None:
        self._expected = _NOBODY
        self._rows: dict[_Files, pl.DataFrame] = {}
        self._made: dict[_Files, pl.DataFrame] = {}

    def expect(self, persons: pl.DataFrame) -> None:
        """Besides those expected before. What was kept is read again if there are others among them."""
        both = pl.concat([self._expected.select(OWNER), persons.select(OWNER)]).unique()
        if both.height > self._expected.height:
            self._expected = _numbered(both)
            self._rows.clear()

    def expects(self, persons: pl.DataFrame) -> bool:
        """Whether all of these persons (shard, person) are expected."""
        return persons.join(self._expected, on=OWNER, how="anti").is_empty()

    def of(
        self,
        store: Store,
        catalog: Catalog,
        table: str,
        files: tuple[DataFile, ...],
        persons: pl.DataFrame,
        *,
        are_expected: bool,
    ) -> pl.DataFrame:
        """The rows of the files of a state that are of these persons (shard, person), each under a number in place of
        the person: in whatever shard, no two have the same, and one has the same in all states."""
        if not are_expected:
            rows = _read(store, catalog, table, files, _numbered(persons))
        else:
            rows = self._of_expected(store, catalog, table, files)
            if persons.height < self._expected.height:
                numbers = persons.join(self._expected, on=OWNER)[_NUMBER].implode()
                is_wanted = self._expected.select(pl.col(_NUMBER).is_in(numbers))[_NUMBER]
                rows = rows.filter(is_wanted.gather(rows[_NUMBER]))
        return rows.with_columns(pl.col(_NUMBER).alias(PERSON)).drop(_NUMBER)

    def known_as(self, numbers: pl.Series) -> pl.DataFrame:
        """The expected persons (shard, person) of these numbers."""
        return self._expected.filter(pl.col(_NUMBER).is_in(numbers.implode())).select(OWNER)

    def _of_expected(self, store: Store, catalog: Catalog, table: str, files: tuple[DataFile, ...]) -> pl.DataFrame:
        key = (table, files)
        if key not in self._rows:
            if isinstance(store, PatchedStore) and (patches := store.patches(files)):
                beneath = self._of_expected(store, catalog, table, store.beneath(files))
                left = beneath.filter(pl.all_horizontal(_stays(patch) for patch in patches))
                new = _read(store, catalog, table, [patch.rows for patch in patches], self._expected)
                self._rows[key] = pl.concat([left, new])
            else:
                self._rows[key] = _read(store, catalog, table, files, self._expected)
        return self._rows[key]

    def made_of(self, table: str, files: tuple[DataFile, ...], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What is always made of all the files of a state in this run, made once."""
        key = (table, files)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def _stays(patch: Patch) -> pl.Expr:
    """Which rows of a state over all shards and months stay under a patch: one of another file says nothing of them."""
    month = month_in(patch.over.partition)
    is_elsewhere = pl.col("shard") != shard_in(patch.over.partition)
    if month is not None:
        is_elsewhere |= pl.col("day").dt.truncate("1mo") != first_day_of(month.removeprefix(MONTH))
    return is_elsewhere | patch.stays


def _numbered(persons: pl.DataFrame) -> pl.DataFrame:
    """Each with its place, from 0 on."""
    return persons.select(*OWNER, pl.int_range(pl.len(), dtype=pl.UInt32).alias(_NUMBER))


def _read(store: Store, catalog: Catalog, table: str, files: Sequence[DataFile], persons: pl.DataFrame) -> pl.DataFrame:
    """The rows of these persons, each with its owner's number."""
    nothing = scan_rows(store, catalog, table, []).with_columns(pl.lit(None, pl.UInt32).alias(_NUMBER)).collect()
    parts = [nothing]
    for (shard,), mine in persons.partition_by("shard", as_dict=True).items():
        rows = scan_rows(store, catalog, table, [file for file in files if shard_in(file.partition) == shard])
        known = rows.filter(pl.col(PERSON).is_in(mine[PERSON].implode()))
        numbers = mine.lazy().select(PERSON, _NUMBER)
        parts.append(known.join(numbers, on=PERSON).select(nothing.columns).collect())
    return pl.concat(parts)
