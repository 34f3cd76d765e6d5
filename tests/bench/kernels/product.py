"""The product's own road for one work: `measure` shard by shard, then the reduction, from the catalog.

It is what `pipelines.build` does for a metric table, without the ledger, the draft and the digest of what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.engines import LocalEngine, are_small, at_once
from pipelines.partials import together
from pipelines.parts import Part, compute_partial
from tests.bench.kernels.works import Work, files_of, shards_of
from warehouse import reduction
from warehouse.codes import shard_name
from warehouse.store import Store


def parts(work: Work, home: Path, scratch: Path) -> list[Part]:
    """What there is to compute, shard by shard."""
    names = shard_names(home)
    return [
        Part(
            None,
            work.table,
            name,
            len(names),
            {parameter: work.files(home, parameter, name) for parameter in work.entry.inputs},
            work.settings,
            Store(home),
            scratch / f"{name}.parquet",
        )
        for name in names
    ]


def answer(work: Work, shards: Sequence[Part]) -> pl.DataFrame:
    """The table as it is published."""
    entry = work.entry
    rows = [part.rows for part in shards]
    partials = LocalEngine(at_once=at_once(rows), are_small=are_small(rows)).map(compute_partial, shards)
    references = {name: pl.LazyFrame() for name in entry.references}
    rows_of_all = together(entry, partials, partials[0].with_name("everything.parquet"))
    return reduction.published(entry, rows_of_all, work.settings, references)


def decoded(work: Work, home: Path) -> pl.DataFrame:
    """Only reading the persons and days of the work's first state, shard by shard: how many there are."""
    rows = 0
    for name in shard_names(home):
        paths = [home / file.path for file in files_of(home, work.states[0], name)]
        rows += pl.scan_parquet(paths).select("person", "day").collect().height
    return pl.DataFrame({"rows": [rows]})


def shard_names(home: Path) -> list[str]:
    shards = shards_of(home)
    return [shard_name(number, shards) for number in range(shards)]
