"""Days made from published ones and the few persons who count otherwise are those that everybody is measured for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import build, forward, one_shard
from pipelines.inputs import part_of
from pipelines.partials import partial_of, shards_of
from pipelines.parts import compute_partial
from pipelines.workspace import Workspace
from tests.oracle import worlds
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs, run_once
from warehouse import reduction
from warehouse.catalog import Entry
from warehouse.settings import Settings


@pytest.fixture(params=[1, 50_000], ids=["in groups", "kept"])
def going_on(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[tuple[str, date, bool]]:
    """Of each table that was gone on with: its name, the last day, and whether it is what everybody's measures make.
    Persons are measured some at a time, or all at once, their rows kept from table to table."""
    measured, seen = forward.measured, []

    def compared(workspace: Workspace, entry: Entry, settings: Settings) -> pl.DataFrame | None:
        found = measured(workspace, entry, settings)
        if found is not None:
            rows = pl.concat([found.lazy(), *build.carried(workspace, entry, settings)], how="diagonal")
            is_equal = published(workspace, entry, settings, rows).equals(whole(workspace, entry, settings))
            seen.append((entry.table.name, settings.last_day, is_equal))
        return found

    monkeypatch.setattr(forward, "measured", compared)
    monkeypatch.setattr(forward, "_MOST", 1.0)
    monkeypatch.setattr(one_shard, "LEAST_OF_A_GROUP", request.param)
    return seen


@pytest.mark.parametrize("seed", seeds(3))
def test_after_deliveries_in_any_order(seed: int, tmp_path: Path, going_on: list[tuple[str, date, bool]]) -> None:
    Runs(tmp_path).take_history(seed)
    assert [one for one in going_on if not one[2]] == []


def test_on_quiet_days(tmp_path: Path, going_on: list[tuple[str, date, bool]]) -> None:
    """Nothing is delivered any more: who counts otherwise is known by dates of old alone."""
    for seed in seeds(3):
        world = worlds.world(seed)
        head = run_once(tmp_path / f"all{seed}", world).head
        assert head is not None
        day = date.fromisoformat(head.watermark) - timedelta(days=40)
        runs = run_once(tmp_path / f"runs{seed}", replace(world, date=day))
        for days in (1, 1, 2, 1, 5, 1, 1, 9, 1):
            day += timedelta(days=days)
            runs.run(day)
        assert [one for one in going_on if not one[2]] == [], seed
    assert going_on


def whole(workspace: Workspace, entry: Entry, settings: Settings) -> pl.DataFrame:
    """The table as everybody's measures make it."""
    targets = {name: partial_of(workspace, entry, f"{name}.whole") for name in shards_of(workspace)}
    partials = [compute_partial(part_of(workspace, entry, name, settings, to)) for name, to in targets.items()]
    rows = [pl.scan_parquet(partials), *build.carried(workspace, entry, settings)]
    return published(workspace, entry, settings, pl.concat(rows, how="diagonal"))


def published(workspace: Workspace, entry: Entry, settings: Settings, rows: pl.LazyFrame) -> pl.DataFrame:
    references = {name: build.reference(workspace, entry, name, settings) for name in entry.references}
    settled = build.settled(workspace, entry, settings)
    return reduction.published(entry, rows, settings, references, settled)
