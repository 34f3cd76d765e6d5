"""What a metric table's measure returned for the shards of a run: where it is kept, and how it becomes one.

A measure adds up over persons, so shards may be added up in any groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from pipelines import scratch
from pipelines.parts import EVERYTHING
from pipelines.workspace import Workspace
from warehouse import reduction
from warehouse.catalog import Entry
from warehouse.codes import shard_name

ROWS_AT_ONCE: Final = 2_000_000


def shards_of(workspace: Workspace) -> list[str]:
    return [shard_name(number, workspace.config.shards) for number in range(workspace.config.shards)]


def partial_of(workspace: Workspace, entry: Entry, name: str) -> Path:
    """Where what a metric table's measure returns for a shard is kept while the run lasts."""
    folder = workspace.draft.folder / "partials" / entry.table.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.parquet"


def together(entry: Entry, partials: list[Path], target: Path) -> pl.LazyFrame:
    """What the measure returned for all shards.

    Shards have mostly the same keys. Where they are many, they are added up a few at a time and kept in `target`, so
    that no more than that is in memory, however many there are.
    """
    rows = [pq.read_metadata(partial).num_rows for partial in partials]
    if len(partials) == 1 or sum(rows) <= ROWS_AT_ONCE or not entry.table.measures:
        return pl.scan_parquet(partials)
    total = pl.scan_parquet(partials[:1]).head(0).collect()
    for some in _few_at_a_time(partials, rows):
        added = pl.concat([total.lazy(), pl.scan_parquet(some)], how="diagonal_relaxed")
        total = reduction.added_up(entry.table, added).collect()
    scratch.keep(total, target)
    return pl.scan_parquet(target)


def measured_by(run: Workspace, entry: Entry) -> pl.LazyFrame | None:
    """What a table's measure returned in a run for everybody, whichever way it was found; None where it was not."""
    whole = partial_of(run, entry, EVERYTHING)
    partials = [whole] if whole.exists() else [partial_of(run, entry, name) for name in shards_of(run)]
    return pl.scan_parquet(partials) if all(partial.exists() for partial in partials) else None


def _few_at_a_time(partials: Sequence[Path], rows: Sequence[int]) -> Iterator[list[Path]]:
    """The partials in their order, as many at a time as have so many rows, but at least one."""
    group: list[Path] = []
    held = 0
    for partial, count in zip(partials, rows, strict=True):
        if group and held + count > ROWS_AT_ONCE:
            yield group
            group, held = [], 0
        group.append(partial)
        held += count
    yield group
