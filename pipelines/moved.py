"""Which rows of a source a run moves: those that count and did not in the base release, and those that count no more.

Found once, when the source was taken in, and kept beside the draft for the later steps.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines import touched
from pipelines.workspace import Workspace
from warehouse import ledger, source_rows
from warehouse.cells import Files, differing
from warehouse.codes import LAYER
from warehouse.draft import Draft
from warehouse.manifest import Manifest
from warehouse.source_rows import Moved


def record(workspace: Workspace, source: str) -> None:
    """Keeps the rows that moved, and the persons they name. Without a base release there are none to compare with."""
    base = workspace.draft.base
    if base is None:
        return
    found = _found(workspace, base, source)
    gone, come = _paths(workspace.draft, source)
    gone.parent.mkdir(exist_ok=True)
    found.gone.write_parquet(gone)
    found.come.write_parquet(come)
    if touched.columns_of(found.come.columns):
        shards = workspace.config.shards
        persons = touched.together(touched.named_in(rows, shards) for rows in (found.gone, found.come))
        touched.record(workspace.draft, source, persons)


def of(draft: Draft, source: str) -> Moved | None:
    """The rows that moved in the run of this draft; None where nobody looked."""
    gone, come = _paths(draft, source)
    return Moved(pl.read_parquet(gone), pl.read_parquet(come)) if come.exists() else None


def between(workspace: Workspace, source: str, before: Files, after: Files) -> Moved:
    """The rows that moved in the run; between the files of two versions where nobody looked."""
    return of(workspace.draft, source) or source_rows.moved(workspace.store, source, before, after)


def _found(workspace: Workspace, base: Manifest, source: str) -> Moved:
    before, after = base.by_partition(LAYER, source), workspace.draft.files(LAYER, source)
    is_extract = workspace.config.sources[source].full_extract
    files = None if is_extract or not differing(before, after) else _files_apart(workspace, base, source)
    return source_rows.moved(workspace.store, source, before, after, files)


def _files_apart(workspace: Workspace, base: Manifest, source: str) -> set[str]:
    """The delivered files that came, or of which something else became than in the base release: of the same content a
    backfill may take rows that had waited."""
    key = (ledger.LAYER, ledger.TABLE)
    sides = (base.by_partition(*key), workspace.draft.files(*key))
    former, now = (ledger.read(workspace.store, files, source) for files in sides)
    return {path for path in former.keys() | now.keys() if former.get(path) != now.get(path)}


def _paths(draft: Draft, source: str) -> tuple[Path, Path]:
    folder = draft.folder / "moved"
    return folder / f"{source}.gone.parquet", folder / f"{source}.come.parquet"
