"""Runs the main job's steps in process on a folder, run after run, each from the one before.

No Dagster, no gate and no disk syncs: here runs are many and small. What a run publishes is its manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import polars as pl

from pipelines import build, days, ingest
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from tests.oracle import rawfiles, worlds
from tests.oracle.compare import differences
from tests.oracle.worlds import World
from tests.properties.deliveries import Step, history
from warehouse import candidate, catalog, config
from warehouse.draft import Draft
from warehouse.errors import HoldfastError
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store

LONG_AFTER = date(2100, 1, 1)
Tables = Mapping[str, pl.DataFrame]


@dataclass
class Runs:
    """The runs of one warehouse; `head` is what the last of them made."""

    folder: Path
    head: Manifest | None = None
    count: int = field(default=0, init=False)
    refused: str = field(default="", init=False)

    def run(
        self, requested: date | None = None, *, days_earlier: int = 0, again: tuple[date, date] | None = None
    ) -> Manifest | None:
        """One run up to the requested day, over `days_earlier` more days than it has to; `again` makes it a backfill.

        None where it cannot be done, as before the first order or rate: then nothing has happened."""
        configuration = config.load(self.folder / "holdfast.toml")
        tables = catalog.load().for_sources(configuration.sources)
        self.count += 1
        draft = Draft.open_or_create(configuration.home, f"run{self.count}", self.head)
        store = Store(configuration.home)
        workspace = Workspace(configuration, tables, store, draft, Releases(configuration.home), lambda line: None)
        try:
            return self._done(workspace, requested, days_earlier, again)
        except HoldfastError as error:
            self.refused = str(error)
            return None

    def take(self, step: Step) -> Manifest | None:
        """Delivers what comes before a run, and runs."""
        self.folder.mkdir(exist_ok=True)
        deliver(self.folder, step.world, step.files)
        return self.run(step.date, days_earlier=step.days_earlier)

    def take_history(self, seed: int) -> Self:
        """Delivers a random world step by step, with a run after each."""
        _, steps = history(worlds.world(seed), seed)
        for step in steps:
            self.take(step)
        return self

    def _done(
        self, workspace: Workspace, requested: date | None, days_earlier: int, again: tuple[date, date] | None
    ) -> Manifest:
        tables, draft = workspace.catalog, workspace.draft
        for source in tables.sources:
            ingest.take_in(workspace, source, again=again)
        found = days.find_range(workspace, requested, LONG_AFTER)
        for table in tables.states:
            build.build_state(workspace, table)
        first_day = min([found.first_day, *(again or ())])
        span = DayRange(first_day - timedelta(days=days_earlier), found.last_day)
        draft.set_plan({days.ARE_ASKED_FOR: span.first_day < found.first_day})
        for table in tables.metrics:
            build.build_metric(workspace, table, span)
        self.head = candidate.propose(
            draft,
            {name: entry.table for name, entry in tables.metrics.items()},
            watermark=span.last_day,
            first_day=span.first_day,
            config=workspace.config,
            reason="run",
            staged_at="",
        )
        return self.head

    def tables(self) -> Tables:
        """The published tables, each in one frame."""
        assert self.head is not None
        home = self.folder / "warehouse"
        files: dict[str, list[pl.DataFrame]] = {}
        for file in sorted(self.head.published()):
            files.setdefault(file.table, []).append(pl.read_parquet(home / file.path))
        return {table: pl.concat(parts) for table, parts in files.items()}


def run_once(folder: Path, world: World) -> Runs:
    """The world's files all at once, computed in one run."""
    rawfiles.write(world, folder)
    runs = Runs(folder)
    runs.run(world.date)
    return runs


def deliver(folder: Path, world: World, files: Iterable[World]) -> None:
    """Puts files (each a world of one) into the world's inbox, in the place of what was there by that name."""
    for file in files:
        rawfiles.write(file, folder)
    (folder / "holdfast.toml").write_text(rawfiles.toml(world))


def keys(table: str) -> tuple[str, ...]:
    """The columns that name a row, as the table declares them."""
    return tuple(column.name for column in catalog.load()[table].table.keys)


def unequal_tables(expected: Tables, got: Tables) -> list[str]:
    """Readable lines; none where every cell of every table is equal."""
    lines = [f"{name}: only on one side" for name in sorted(expected.keys() ^ got.keys())]
    for name in sorted(expected.keys() & got.keys()):
        if not expected[name].equals(got[name]):
            lines += [f"{name}: {line}" for line in differences(expected[name], got[name], keys(name))] or [
                f"{name}: other order"
            ]
    return lines


def unequal_files(expected: Runs, got: Runs) -> list[str]:
    """Which published partitions are not equal to the byte, and how their tables differ."""
    assert expected.head is not None
    assert got.head is not None
    one, other = ({(f.table, f.partition, f.sha256) for f in runs.head.published()} for runs in (expected, got))  # type: ignore[union-attr]
    partitions = sorted({f"{table}/{partition}" for table, partition, _ in one ^ other})
    return [*partitions, *unequal_tables(expected.tables(), got.tables())] if partitions else []
