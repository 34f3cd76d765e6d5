"""What is compared: each work is one published table, made from the same states by the product and by its baselines.

The baseline of an engine is a query under its folder, named like the work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from tests.bench.kernels import business
from warehouse import catalog
from warehouse.catalog import Entry
from warehouse.manifest import DataFile
from warehouse.settings import Settings

OURS: Final = "ours"
DECODING: Final = "decoding"
QUERIES: Final = Path(__file__).parent
ENGINES: Final = {"duckdb": QUERIES / "duckdb", "chdb": QUERIES / "clickhouse"}


@dataclass(frozen=True)
class Work:
    """A table for the configured `sources`; of a parameter not in `states` there are no rows. `goals` is how many times
    the CPU of ours each engine should take. A work `like` another one has its queries but is measured against it, in
    ours alone."""

    name: str
    title: str
    table: str
    sources: frozenset[str]
    states: tuple[str, ...]
    goals: dict[str, float]
    dimensions: tuple[str, ...] = ()
    is_decoded: bool = False
    like: str = ""

    @property
    def entry(self) -> Entry:
        return catalog.load()[self.table]

    @property
    def settings(self) -> Settings:
        return business.settings(self.sources, self.dimensions)

    def query(self, engine: str) -> Path:
        return ENGINES[engine] / f"{self.like or self.name}.sql"

    def engines(self) -> list[str]:
        """Ours, every engine that has a query for the work, and decoding alone where that is asked for."""
        if self.like:
            return [OURS]
        theirs = [engine for engine in ENGINES if self.query(engine).exists()]
        return [OURS, *theirs, *([DECODING] if self.is_decoded else [])]

    def files(self, home: Path, parameter: str, partition: str = "") -> tuple[DataFile, ...]:
        """The files of a state for the work; `parameter` may be in `states` as it is or as a cut of it."""
        for name in self.states:
            if name.removesuffix("_all") == parameter:
                return files_of(home, name, partition)
        return ()


def files_of(home: Path, name: str, partition: str = "") -> tuple[DataFile, ...]:
    """The files of a prepared state, all or those of one shard; their sizes and digests are left out."""
    folder = home / "data" / "states" / name
    found = sorted(folder.glob(f"{partition or 'shard=*'}/**/*.parquet"))
    return tuple(
        DataFile(
            "states",
            name,
            file.parent.relative_to(folder).as_posix(),
            file.relative_to(home).as_posix(),
            pq.read_metadata(file).num_rows,
            0,
            "",
        )
        for file in found
    )


def shards_of(home: Path) -> int:
    """How many shards the business was made in."""
    return len(list((home / "data" / "states" / "people").iterdir()))


_ALONE: Final = (
    Work(
        "rolling_actives",
        "rolling actives and lifecycle",
        "user_activity_daily",
        frozenset({"events"}),
        ("user_days", "people"),
        {"duckdb": 2.5, "chdb": 1.6},
        is_decoded=True,
    ),
    Work(
        "retention_matrix",
        "retention matrix",
        "user_retention_cohorts",
        frozenset({"events"}),
        ("user_days", "people"),
        {"duckdb": 1.5, "chdb": 1.8},
    ),
    Work(
        "customer_retention",
        "customer retention from spans",
        "customer_retention_daily",
        frozenset({"orders", "subscriptions"}),
        ("activity_spans", "people", "segment_spans_all"),
        {"duckdb": 3.0},
    ),
    Work(
        "mrr",
        "MRR by movement",
        "mrr_daily",
        frozenset({"subscriptions"}),
        ("mrr_changes", "subscription_mrr", "segment_spans_all"),
        {"duckdb": 2.0},
    ),
    Work(
        "revenue_retention",
        "NRR and GRR",
        "revenue_retention_daily",
        frozenset({"subscriptions"}),
        ("mrr_changes", "subscription_mrr", "activity_spans", "segment_spans_all"),
        {"duckdb": 2.0},
    ),
    Work(
        "cohorts",
        "cohorts with revenue",
        "customer_cohorts",
        frozenset({"orders"}),
        ("order_days", "people"),
        {"duckdb": 1.2},
    ),
)


def _by_segment(work: Work) -> Work:
    """The same work with all dimensions of `segment_spans` instead of `all` alone."""
    states = tuple(state.removesuffix("_all") for state in work.states)
    return replace(work, name=f"{work.name}_by_segment", states=states, goals={}, like=work.name)


WORKS: Final = (*_ALONE, *(_by_segment(work) for work in _ALONE if "segment_spans_all" in work.states))


def named(name: str) -> Work:
    """The work of that name; KeyError where there is none."""
    return {work.name: work for work in WORKS}[name]
