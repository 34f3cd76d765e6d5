"""Measuring only the persons that differ says the same as measuring everybody: that whole form is the oracle here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import otherwise, restatements, units, what_if
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from tests.oracle import worlds
from tests.properties.deliveries import history
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs, deliver
from warehouse.catalog import Entry
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@dataclass
class ComparedRuns(Runs):
    """Every run's restatements twice: `told` by the persons that differ and by everybody. `kept` counts the states of
    which only touched units were computed."""

    told: list[tuple[pl.DataFrame, pl.DataFrame]] = field(default_factory=list)
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
                patched.setattr(what_if.otherwise, "measured", lambda *_: None)
                self.told.append((apart, restatements.find(workspace, base, span)))
        return head


def test_causes_are_the_same_by_the_persons_that_differ_and_by_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, answered, kept = otherwise.measured, 0, 0

    def counted(run: Workspace, other: Workspace, entry: Entry, settings: Settings, until: date) -> pl.LazyFrame | None:
        nonlocal answered
        found = measured(run, other, entry, settings, until)
        answered += found is not None
        return found

    monkeypatch.setattr(what_if.otherwise, "measured", counted)
    for seed in seeds(3):
        _, steps = history(worlds.world(seed), seed)
        runs = ComparedRuns(tmp_path / f"runs{seed}")
        runs.folder.mkdir()
        for step in steps:
            deliver(runs.folder, step.world, step.files)
            runs.run(step.date, days_earlier=step.days_earlier)
        assert [seed for apart, whole in runs.told if not apart.equals(whole)] == []
        kept += runs.kept
    assert kept
    assert answered
