"""Parts of states that a release has made from the very same files: they are taken from there instead of computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines import touched
from pipelines.inputs import part_of
from pipelines.parts import Part, is_in_part
from pipelines.workspace import Workspace
from warehouse.catalog import Entry
from warehouse.manifest import DataFile


@dataclass(frozen=True, slots=True)
class KnownParts:
    """The states `there`, made by the present rules, and a `run` that began from them and went on otherwise."""

    there: Workspace
    run: Workspace

    def among(self, workspace: Workspace, entry: Entry, parts: Sequence[Part]) -> dict[str, dict[str, DataFile]]:
        """The files by partition of those parts of a state of the workspace that are known, by the part's name."""
        if self.touched(entry) is None:
            return {}
        files = self.there.draft.files("states", entry.table.name)
        return {
            part.name: {partition: file for partition, file in files.items() if is_in_part(part.name, partition)}
            for part in parts
            if _inputs(self.there, entry, part) == _inputs(workspace, entry, part)
        }

    def touched(self, entry: Entry) -> pl.DataFrame | None:
        """The persons whose rows of a state are others there than in the run, some more perhaps; None: not known."""
        return touched.of(self.run.draft, entry.table.name)


def _inputs(workspace: Workspace, entry: Entry, part: Part) -> Mapping[str, tuple[DataFile, ...]]:
    return part_of(workspace, entry, part.name, part.settings).inputs
