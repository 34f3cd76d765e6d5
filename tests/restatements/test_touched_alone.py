"""Measuring only the persons that differ says the same as measuring everybody: that whole form is the oracle here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from pipelines import build, one_shard, restatements, touched, units, what_if
from pipelines.days import DayRange
from pipelines.otherwise import Otherwise
from pipelines.patches import PatchedStore
from pipelines.workspace import Workspace
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs
from tests.restatements.shop import Shop
from warehouse import catalog
from warehouse.catalog import Entry
from warehouse.manifest import DataFile, Manifest
from warehouse.settings import Settings
from warehouse.store import Store


@dataclass
class ComparedRuns(Runs):
    """Every run's restatements three times: `told` by the persons that differ, by everybody, and with all states of a
    what-if built for it and written whole. `kept` counts the states of which only touched units were computed."""

    told: list[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]] = field(default_factory=list)
    kept: int = 0

    def _done(
        self, workspace: Workspace, requested: date | None, days_earlier: int, again: tuple[date, date] | None
    ) -> Manifest:
        base = self.head
        head = super()._done(workspace, requested, days_earlier, again)
        if base is not None:
            assert head.first_day is not None
            span = DayRange(date.fromisoformat(head.first_day), date.fromisoformat(head.watermark))
            states = workspace.catalog.states.values()
            self.kept += sum(units.touched_units(workspace, entry) is not None for entry in states)
            apart = restatements.find(workspace, base, span)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(Otherwise, "measured", lambda *_: None)
                by_everybody = restatements.find(workspace, base, span)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(what_if, "PatchedStore", Store)
                patched.setattr(what_if, "_is_made_alike", lambda *_: False)
                self.told.append((apart, by_everybody, restatements.find(workspace, base, span)))
        return head


def test_a_state_that_is_built_again_in_a_run_touches_the_same_persons(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails after it kept its files is done again. Only Anna, the first customer, has another row."""
    said: list[tuple[str, pl.DataFrame | None, pl.DataFrame | None]] = []
    build_state = build.build_state

    def twice(workspace: Workspace, state: str) -> None:
        build_state(workspace, state)
        first = touched.of(workspace.draft, state)
        build_state(workspace, state)
        said.append((state, first, touched.of(workspace.draft, state)))

    shop.deliver("october", "a1 anna 2026-10-05 100", "b1 ben 2026-10-20 50")
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-06 7")
    monkeypatch.setattr(build, "build_state", twice)
    shop.run()
    found = {state: (first, again) for state, first, again in said if first is not None and again is not None}
    assert [state for state, (first, again) in found.items() if not first.equals(again)] == []
    # Her span was to end ninety days after the first order: until then the second one makes no difference to it.
    for state, since in (("order_days", date(2026, 10, 6)), ("activity_spans", date(2027, 1, 3))):
        assert found[state][1].rows() == [(0, 0, since)]


OF_NOBODY = """
import polars as pl

from warehouse.table import Column, Table

table = Table(
    name="currency_totals",
    description="Orders of the shard in each currency.",
    layer="states",
    grain=(Column("currency", pl.String, "Contract currency.", "ISO 4217"),),
    columns=(Column("orders", pl.Int64, "All orders.", "orders"),),
    partitioning="shard",
    sources=("orders",),
)


def build(order_days: pl.LazyFrame) -> pl.LazyFrame:
    return order_days.group_by("currency").agg(pl.col("orders").sum())
"""


def test_a_state_of_nobody_is_computed_whole(shop: Shop, tmp_path: Path) -> None:
    """Tables of one's own may be made from states without persons or days."""
    shop.assets = tmp_path / "assets"
    shutil.copytree(catalog.ASSETS, shop.assets, ignore=shutil.ignore_patterns("__pycache__"))
    (shop.assets / "states" / "currency_totals.py").write_text(OF_NOBODY)
    shop.deliver("october", "a1 anna 2026-10-05 100", "b1 ben 2026-10-20 50")
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-06 7")
    head = shop.run()
    assert shop.store.scan(head.of("states", "currency_totals")).collect().rows() == [("USD", 3)]
    assert shop.told("revenue") == [(2, "2026-10", "late_rows", 1, Decimal(150), Decimal(157))]


OF_SOME_SPANS = """
import polars as pl

from warehouse.table import Column, Measure, Table

table = Table(
    name="ordering_daily",
    description="Customers who are active by orders, day by day.",
    layer="metrics",
    grain=(Column("date", pl.Date, "Day.", "day"), Column("basis", pl.String, "orders.", "basis")),
    columns=(Measure("customers", description="Active customers.", unit="customers", minimum=0, kind="stock"),),
    recalls=(0,),
    sources=("orders",),
)
READS = {"activity_spans": lambda spans, settings: spans.filter(pl.col("basis") == "orders")}


def measure(activity_spans: pl.LazyFrame, settings) -> pl.LazyFrame:
    first, last = settings.first_day, settings.last_day
    spans = activity_spans.filter(pl.col("start_day") <= last, pl.col("end_day") > first)
    came = spans.select("basis", date=pl.max_horizontal("start_day", pl.lit(first)), customers=pl.lit(1, pl.Int64))
    left = spans.filter(pl.col("end_day") <= last)
    return pl.concat([came, left.select("basis", date="end_day", customers=pl.lit(-1, pl.Int64))])
"""


def test_a_table_that_reads_some_spans_sees_one_that_lasts_longer(shop: Shop, tmp_path: Path) -> None:
    """Anna's span was to end on 3 January: a late order has her there for a day more, in a row that begins in October.
    On the 8th Ben comes."""
    shop.assets = tmp_path / "assets"
    shutil.copytree(catalog.ASSETS, shop.assets, ignore=shutil.ignore_patterns("__pycache__"))
    (shop.assets / "metrics" / "ordering_daily.py").write_text(OF_SOME_SPANS)
    shop.tables = ("ordering_daily",)
    shop.deliver("october", "a1 anna 2025-10-05 100", "b1 ben 2026-01-08 50")
    shop.run()
    shop.deliver("late", "a2 anna 2025-10-06 7", "b2 ben 2026-01-09 5")
    head = shop.run()
    days = shop.store.scan(head.of("metrics", "ordering_daily")).sort("date").collect()
    assert days.filter(pl.col("date") >= date(2026, 1, 1))["customers"].to_list() == [1, 1, 1, 0, 0, 0, 0, 1, 1]


# In the last of these a what-if goes on from what it made itself.
@pytest.mark.parametrize(("of_a_group", "worlds"), [(1, seeds(3)), (one_shard.LEAST_OF_A_GROUP, [*seeds(1), 6])])
def test_causes_are_the_same_by_the_persons_that_differ_and_by_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_a_group: int, worlds: Sequence[int]
) -> None:
    """Whether the rows of persons are kept in memory, or there are too many for it."""
    measured, answered, kept = Otherwise.measured, 0, 0

    def counted(otherwise: Otherwise, entry: Entry, settings: Settings) -> pl.LazyFrame | None:
        nonlocal answered
        found = measured(otherwise, entry, settings)
        answered += found is not None
        return found

    patch, patches = PatchedStore.patch, 0

    def patched(store: PatchedStore, over: DataFile, stays: pl.Expr, rows: pl.DataFrame, schema: pa.Schema) -> DataFile:
        nonlocal patches
        patches += 1
        return patch(store, over, stays, rows, schema)

    take_over, taken_over = what_if._take_over, set()

    def seen(run: Workspace, other: Workspace, state: str) -> None:
        taken_over.add(state)
        take_over(run, other, state)

    monkeypatch.setattr(Otherwise, "measured", counted)
    monkeypatch.setattr(PatchedStore, "patch", patched)
    monkeypatch.setattr(what_if, "_take_over", seen)
    monkeypatch.setattr(one_shard, "LEAST_OF_A_GROUP", of_a_group)
    for seed in worlds:
        runs = ComparedRuns(tmp_path / f"runs{seed}").take_history(seed)
        assert [seed for apart, *others in runs.told if not all(apart.equals(other) for other in others)] == []
        kept += runs.kept
    assert kept
    assert answered
    assert patches
    assert {"subscription_mrr", "value_tiers"} <= taken_over
