"""Which rows of a source a run moves: those that count and did not in the base release, and those that count no more.

Found once, when the source was taken in, and kept beside the draft for the later steps.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines import scratch, touched
from pipelines.workspace import Workspace
from warehouse import source_rows
from warehouse.cells import Files
from warehouse.codes import LAYER
from warehouse.draft import Draft
from warehouse.source_rows import Moved


def keep(draft: Draft, source: str, found: Moved) -> None:
    """Keeps the rows that moved."""
    for path, rows in zip(_paths(draft, source), (found.gone, found.come), strict=True):
        scratch.keep(rows, path)


def record(workspace: Workspace, source: str) -> None:
    """Keeps the rows that moved, if that was not done, and the persons they name. Without a base release there are none
    to compare with."""
    draft = workspace.draft
    if draft.base is None:
        return
    found = of(draft, source)
    if found is None:
        found = source_rows.moved(
            workspace.store, source, draft.base.by_partition(LAYER, source), draft.files(LAYER, source)
        )
        keep(draft, source, found)
    if touched.columns_of(found.come.columns):
        touched.record(draft, source, touched.together([named_in(found, workspace.config.shards)]))


def of(draft: Draft, source: str) -> Moved | None:
    """The rows that moved in the run of this draft; None where nobody looked."""
    gone, come = map(scratch.read, _paths(draft, source))
    return None if gone is None or come is None else Moved(gone, come)


def named_in(found: Moved, shards: int) -> pl.DataFrame:
    """The persons (shard, person) that rows which moved name, each time with the day of the row as `since`."""
    return pl.concat(touched.named_in(rows, shards) for rows in (found.gone, found.come))


def between(workspace: Workspace, source: str, before: Files, after: Files) -> Moved:
    """The rows that moved in the run; between the files of two versions where nobody looked."""
    return of(workspace.draft, source) or source_rows.moved(workspace.store, source, before, after)


def _paths(draft: Draft, source: str) -> tuple[Path, Path]:
    folder = draft.folder / "moved"
    return folder / f"{source}.gone.parquet", folder / f"{source}.come.parquet"
