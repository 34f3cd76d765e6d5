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


PAYMENTS = """\
payment_id,customer_id,invoice_id,attempted_at,amount,status
p1,b,i1,2024-01-02,60,failed
p2,b,i1,2024-01-09,60,succeeded
p3,c,i2,2024-01-03,40,succeeded
"""
SHOP = """\
[warehouse]
shards = 1
[sources.payments]
path = "inbox/payments.csv"
currency = "USD"
[sources.events]
path = "inbox/events.csv"
"""


def test_a_day_that_its_table_keeps_open(tmp_path: Path, going_on: list[tuple[str, date, bool]]) -> None:
    """What is collected on a new day counts to the day on which it was due, though nothing new is delivered."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "holdfast.toml").write_text(SHOP)
    (tmp_path / "inbox/payments.csv").write_text(PAYMENTS)
    (tmp_path / "inbox/events.csv").write_text("event_id,user_id,occurred_at,event_name\ne,u,2024-01-30,login\n")
    runs = Runs(tmp_path)
    for day in (8, 9, 10):
        assert runs.run(date(2024, 1, day)) is not None, runs.refused
    assert [one for one in going_on if one[0] == "payments_daily"] == [
        ("payments_daily", date(2024, 1, day), True) for day in (9, 10)
    ]
    due = runs.tables()["payments_daily"].filter(pl.col("date") == date(2024, 1, 2), pl.col("segment") == "all")
    assert due["recovered"].to_list() == [1]


def whole(workspace: Workspace, entry: Entry, settings: Settings) -> pl.DataFrame:
    """The table as everybody's measures make it."""
    targets = {name: partial_of(workspace, entry, f"{name}.whole") for name in shards_of(workspace)}
    partials = [compute_partial(part_of(workspace, entry, name, settings, to)) for name, to in targets.items()]
    rows = [pl.scan_parquet(partials), *build.carried(workspace, entry, settings)]
    return published(workspace, entry, settings, pl.concat(rows, how="diagonal"))


def published(workspace: Workspace, entry: Entry, settings: Settings, rows: pl.LazyFrame) -> pl.DataFrame:
    references = {name: build.reference(workspace, entry, name, settings) for name in entry.references}
    return reduction.published(entry, rows, settings, references)
