"""The states of a few persons of many shards as those of one shard, so that a table measures them at once.

A measure is right for any union of whole persons, whatever their numbers. Here they get numbers of their own, and each
state is read once, however many tables are measured from it. Who these persons are is not known here. Of more persons
than a shard has there are several groups, one after the other, so that memory is still that of a shard.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.engines import LocalEngine, are_small
from pipelines.inputs import files_for
from pipelines.parts import EVERYTHING, PERSON, catalog_in, computed_from, scan_rows, shard_in
from pipelines.workspace import Workspace
from warehouse import codes
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.manifest import DataFile
from warehouse.settings import Settings

_SHARD = 0
LEAST_OF_A_GROUP: Final = 50_000


def everybody(workspace: Workspace) -> int:
    """How many persons there are."""
    return sum(file.rows for file in workspace.draft.files(codes.LAYER, codes.TABLE).values())


class OneShard:
    """Some persons (shard, person) of the states of a workspace. Codes of users and customers are not told apart."""

    def __init__(self, workspace: Workspace, persons: pl.DataFrame) -> None:
        self._workspace = workspace
        most = max(LEAST_OF_A_GROUP, everybody(workspace) // workspace.config.shards)
        rows = persons.select("shard", PERSON).unique().sort("shard", PERSON)
        self._groups = [rows.slice(begin, most) for begin in range(0, max(1, rows.height), most)]
        self._read: dict[tuple[str, tuple[DataFile, ...]], pl.DataFrame] = {}

    def measured(self, entry: Entry, settings: Settings) -> pl.DataFrame | None:
        """What the table's measure returns for these persons, not added up; None where it reads what does not say whose
        it is, or persons of other shards."""
        found = []
        for group in self._groups:
            rows = self._of_group(entry, settings, group)
            if rows is None:
                return None
            found.append(rows)
        return pl.concat(found, how="diagonal")

    def _of_group(self, entry: Entry, settings: Settings, group: pl.DataFrame) -> pl.DataFrame | None:
        frames: dict[str, pl.LazyFrame] = {}
        heights = [0]
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
            files = files_for(self._workspace, entry, EVERYTHING, parameter, table, settings)
            rows = scan_rows(self._workspace.store, catalog_in(self._workspace.catalog.folder), table, files)
            if (PERSON in rows.collect_schema()) == parameter.startswith(ALL_SHARDS) or table == codes.TABLE:
                return None
            if not parameter.startswith(ALL_SHARDS):
                found = self._known(table, files, group)
                heights.append(found.height)
                rows = found.lazy()
            frames[parameter] = rows
        engine = LocalEngine(are_small=are_small([sum(heights)]))
        [result] = engine.map(lambda told: computed_from(entry, told, settings).collect(), [frames])
        return result

    def _known(self, table: str, files: tuple[DataFile, ...], group: pl.DataFrame) -> pl.DataFrame:
        """The rows of a group, kept where it is the only one."""
        key = (table, files)
        if len(self._groups) > 1:
            return self._of_persons(table, files, group)
        if key not in self._read:
            self._read[key] = self._of_persons(table, files, group)
        return self._read[key]

    def _of_persons(self, table: str, files: tuple[DataFile, ...], group: pl.DataFrame) -> pl.DataFrame:
        catalog, store = catalog_in(self._workspace.catalog.folder), self._workspace.store
        parts = [scan_rows(store, catalog, table, []).collect()]
        numbered = group.with_row_index("number")
        for (shard,), numbers in numbered.partition_by("shard", as_dict=True).items():
            mine = [file for file in files if shard_in(file.partition) == shard]
            is_mine = pl.col(PERSON).is_in(numbers[PERSON].implode())
            found = scan_rows(store, catalog, table, mine).filter(is_mine).collect()
            told = found.join(numbers.select(PERSON, "number"), on=PERSON, maintain_order="left")
            of_one = told.with_columns(pl.col("number").alias(PERSON), shard=pl.lit(_SHARD, codes.SHARD))
            parts.append(of_one.select(parts[0].columns))
        return pl.concat(parts)
