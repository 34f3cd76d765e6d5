"""However little of a state a run computes, what it keeps is the state computed whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import amending, state_parts, unit_groups, units
from pipelines.inputs import WHOLE_HISTORY, part_of, settings_of
from pipelines.partials import shards_of
from pipelines.parts import EVERYTHING, Part, computed
from pipelines.state_parts import is_built_at_once
from pipelines.workspace import Workspace
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs
from warehouse.catalog import Entry
from warehouse.manifest import Manifest


@dataclass
class StatesCompared(Runs):
    """`unequal` names the states of a run that are not those computed whole, `in_part` those computed in part."""

    unequal: list[tuple[int, str]] = field(default_factory=list)
    in_part: set[str] = field(default_factory=set)

    def _done(
        self, workspace: Workspace, requested: date | None, days_earlier: int, again: tuple[date, date] | None
    ) -> Manifest:
        head = super()._done(workspace, requested, days_earlier, again)
        for name, entry in workspace.catalog.states.items():
            if units.touched_units(workspace, entry) is not None or units.touched_since(workspace, entry) is not None:
                self.in_part.add(name)
            if not kept(workspace, entry).equals(whole(workspace, entry)):
                self.unequal.append((self.count, name))
        return head


@pytest.mark.parametrize("rows", [None, 1], ids=["at once", "in groups"])
def test_a_state_is_that_of_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int | None) -> None:
    if rows is not None:
        monkeypatch.setattr(unit_groups, "ROWS_OF_IDS", rows)
    in_part: set[str] = set()
    for seed in seeds(4):
        runs = StatesCompared(tmp_path / f"{seed}").take_history(seed)
        assert runs.unequal == [], seed
        in_part |= runs.in_part
    assert {"first_facts", "people", "value_tiers"} <= in_part


def test_a_month_follows_from_what_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of most persons. Of the others all rows of the month are read, and only of the source in question."""
    followed, read = set(), set()
    amended, anew = state_parts.amended, amending._anew

    def following(part: Part, entry: Entry, before: Iterable[pl.LazyFrame]) -> pl.DataFrame:
        followed.add(part.table)
        return amended(part, entry, before)

    def reading(part: Part, entry: Entry, unsure: pl.DataFrame) -> pl.DataFrame:
        read.add(part.table)
        return anew(part, entry, unsure)

    monkeypatch.setattr(state_parts, "amended", following)
    monkeypatch.setattr(amending, "_anew", reading)
    for seed in seeds(6):
        runs = StatesCompared(tmp_path / f"{seed}").take_history(seed)
        assert runs.unequal == [], seed
    assert {"first_facts", "order_days", "usage_days", "user_days"} <= followed
    assert "first_facts" in read
    assert read <= {"first_facts", "role_days"}


def kept(workspace: Workspace, entry: Entry) -> pl.DataFrame:
    files = workspace.draft.files("states", entry.table.name).values()
    rows = [workspace.store.scan([file]).collect() for file in files]
    return pl.concat([pl.DataFrame(schema=entry.table.polars_schema()), *rows]).sort(pl.all())


def whole(workspace: Workspace, entry: Entry) -> pl.DataFrame:
    settings = settings_of(workspace, WHOLE_HISTORY)
    names = [EVERYTHING] if is_built_at_once(entry) else shards_of(workspace)
    if entry.table.partitioning == "shard/month":
        sources = [file for table in entry.inputs for file in workspace.draft.files("sources", table)]
        names = sorted({partition.rpartition("/")[2] for partition in sources})
    columns = [pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns]
    parts = [part_of(workspace, entry, name, settings) for name in names]
    rows = [computed(part, entry).select(columns).collect() for part in parts]
    return pl.concat([pl.DataFrame(schema=entry.table.polars_schema()), *rows]).sort(pl.all())
