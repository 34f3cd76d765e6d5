"""The states of a few persons of many shards as those of one shard, so that a table measures them at once.

A measure is right for any union of whole persons, whatever their numbers. Here they get numbers of their own. Who these
persons are is not known here. Of more persons than a shard has there are several groups, one after the other, so that
memory is still that of a shard.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from pipelines import successors
from pipelines.engines import LocalEngine, are_small
from pipelines.inputs import files_for
from pipelines.kept_rows import OWNER, Asked
from pipelines.parts import EVERYTHING, PERSON, catalog_in, scan_rows
from pipelines.patches import PatchedStore
from pipelines.workspace import Workspace
from warehouse import codes
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.settings import Settings

_SHARD = 0
LEAST_OF_A_GROUP: Final = 50_000


def everybody(workspace: Workspace) -> int:
    """How many persons there are."""
    return sum(file.rows for file in workspace.draft.files(codes.LAYER, codes.TABLE).values())


def of_a_group(workspace: Workspace) -> int:
    """How many persons there are in memory at once, at most."""
    return max(LEAST_OF_A_GROUP, everybody(workspace) // workspace.config.shards)


class OneShard:
    """Some persons (shard, person) of the states of a workspace. Codes of users and customers are not told apart.

    Where it has the files that a `run` began from, what that wrote in their place is read instead.
    """

    def __init__(self, workspace: Workspace, persons: pl.DataFrame, run: Workspace | None = None) -> None:
        self._workspace, self._run = workspace, run
        most = of_a_group(workspace)
        rows = persons.select(OWNER).unique().sort(OWNER)
        parts = (rows.slice(begin, most) for begin in range(0, max(1, rows.height), most))
        self._groups = [workspace.kept.asked(part) for part in parts]

    def measured(self, entry: Entry, settings: Settings, since: date | None = None) -> pl.DataFrame | None:
        """What the table's measure returns for these persons, not added up; None where it reads what does not say whose
        it is, or persons of other shards. It may be asked for the days since one only; the files read are the same."""
        found = []
        for group in self._groups:
            rows = self._of_group(entry, settings, group, since or settings.first_day)
            if rows is None:
                return None
            found.append(rows)
        return pl.concat(found, how="diagonal")

    def _of_group(self, entry: Entry, settings: Settings, group: Asked, since: date) -> pl.DataFrame | None:
        frames: dict[str, pl.LazyFrame] = {}
        heights = [0]
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
            files = files_for(self._workspace, entry, EVERYTHING, parameter, table, settings)
            store, catalog = self._workspace.store, catalog_in(self._workspace.catalog.folder)
            is_of_persons = PERSON in scan_rows(store, catalog, table, []).collect_schema()
            if is_of_persons == parameter.startswith(ALL_SHARDS) or table == codes.TABLE:
                return None
            if is_of_persons:
                found = self._rows(entry, parameter, table, settings, group)
                heights.append(found.height)
                frames[parameter] = found.lazy()
            else:
                frames[parameter] = scan_rows(store, catalog, table, files)
        engine, asked = LocalEngine(are_small=are_small([sum(heights)])), replace(settings, first_day=since)
        [result] = engine.map(lambda told: entry.computed(told, asked).collect(), [frames])
        return result

    def _rows(self, entry: Entry, parameter: str, table: str, settings: Settings, group: Asked) -> pl.DataFrame:
        """The rows of a group, renumbered."""
        workspace, catalog = self._workspace, catalog_in(self._workspace.catalog.folder)
        files, successor = files_for(workspace, entry, EVERYTHING, parameter, table, settings), None
        if self._run is not None:
            earlier = workspace.store.beneath(files) if isinstance(workspace.store, PatchedStore) else files
            present = files_for(self._run, entry, EVERYTHING, parameter, table, settings)
            successor = successors.of(self._run.draft, table, earlier, present)
        rows = workspace.kept.of(workspace.store, catalog, table, files, group, successor)
        return rows.with_columns(shard=pl.lit(_SHARD, codes.SHARD))
