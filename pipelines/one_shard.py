"""The states of a few persons of many shards as those of one shard, so that a table measures them at once.

A measure is right for any union of whole persons, whatever their numbers. Here they get numbers of their own, and each
state is read once, however many tables are measured from it. Who these persons are is not known here.
"""

from __future__ import annotations

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


class OneShard:
    """Some persons (shard, person) of the states of a workspace. Codes of users and customers are not told apart."""

    def __init__(self, workspace: Workspace, persons: pl.DataFrame) -> None:
        self._workspace = workspace
        numbered = persons.select("shard", PERSON).unique().sort("shard", PERSON).with_row_index("number")
        self._numbers = {int(key[0]): mine for key, mine in numbered.partition_by("shard", as_dict=True).items()}
        self._read: dict[tuple[str, tuple[DataFile, ...]], pl.DataFrame] = {}

    def measured(self, entry: Entry, settings: Settings) -> pl.DataFrame | None:
        """What the table's measure returns for these persons; None where it reads what does not say whose it is, or
        persons of other shards."""
        frames: dict[str, pl.LazyFrame] = {}
        heights = [0]
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
            files = files_for(self._workspace, entry, EVERYTHING, parameter, table, settings)
            rows = scan_rows(self._workspace.store, catalog_in(self._workspace.catalog.folder), table, files)
            if (PERSON in rows.collect_schema()) == parameter.startswith(ALL_SHARDS) or table == codes.TABLE:
                return None
            if not parameter.startswith(ALL_SHARDS):
                found = self._of_persons(table, files)
                heights.append(found.height)
                rows = found.lazy()
            frames[parameter] = rows
        engine = LocalEngine(are_small=are_small([sum(heights)]))
        [result] = engine.map(lambda told: computed_from(entry, told, settings).collect(), [frames])
        return result

    def _of_persons(self, table: str, files: tuple[DataFile, ...]) -> pl.DataFrame:
        """Their rows of a state, read before or now: of files of a shard in which nobody is, nothing."""
        key = (table, files)
        if key not in self._read:
            catalog, store = catalog_in(self._workspace.catalog.folder), self._workspace.store
            parts = [scan_rows(store, catalog, table, []).collect()]
            for shard, numbers in self._numbers.items():
                mine = [file for file in files if shard_in(file.partition) == shard]
                is_mine = pl.col(PERSON).is_in(numbers[PERSON].implode())
                found = scan_rows(store, catalog, table, mine).filter(is_mine).collect()
                numbered = found.join(numbers.select(PERSON, "number"), on=PERSON, maintain_order="left")
                parts.append(
                    numbered.with_columns(pl.col("number").alias(PERSON), shard=pl.lit(_SHARD, codes.SHARD)).select(
                        parts[0].columns
                    )
                )
            self._read[key] = pl.concat(parts)
        return self._read[key]
