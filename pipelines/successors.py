"""What lay in the partitions of a state before a run in place of other rows, kept beside its draft while it lasts.

Rows of earlier files follow from the files in their place by it: of a state one version is read, not two. Whose rows
are read is for kept_rows.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from pipelines import scratch
from pipelines.kept_rows import Successor
from pipelines.state_parts import Computed
from warehouse.draft import Draft
from warehouse.manifest import DataFile


def keep(draft: Draft, state: str, parts: Sequence[Computed]) -> None:
    """Keeps what the parts of a state found in the base release in place of other rows."""
    if parts:
        others, gone = _paths(draft, state)
        scratch.keep(pl.concat(one.touched for one in parts), others)
        scratch.keep(pl.concat(one.gone for one in parts), gone)


def of(draft: Draft, state: str, earlier: tuple[DataFile, ...], files: tuple[DataFile, ...]) -> Successor | None:
    """How these files of the state in the run took the place of the earlier ones, of the base release; None where they
    are the same, or there are none, or not all are of it, or nobody looked."""
    others, gone = _paths(draft, state)
    began = draft.base.by_partition("states", state).values() if draft.base else ()
    if not earlier or earlier == files or not {*earlier} <= {*began} or not gone.exists():
        return None
    return Successor(files, lambda: (_read(others), _read(gone)))


def replaced(draft: Draft, state: str) -> Callable[[], pl.DataFrame] | None:
    """Reads the rows, with their shard, that the persons with other rows had in the base release in a part where they
    have others; None where nobody looked."""
    _, gone = _paths(draft, state)
    return (lambda: _read(gone)) if gone.exists() else None


def _read(path: Path) -> pl.DataFrame:
    rows = scratch.read(path)
    assert rows is not None  # it was there when it was asked for, and stays as long as the run
    return rows


def _paths(draft: Draft, state: str) -> tuple[Path, Path]:
    folder = draft.folder / "successors"
    return folder / f"{state}.others.parquet", folder / f"{state}.gone.parquet"
