"""Runs on random worlds, as tests/properties does them, that also write the history of restatements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines import restatements
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from tests.properties.warehouse_runs import Runs
from warehouse import candidate, catalog
from warehouse.manifest import HISTORIES, Manifest


@dataclass
class RecordedRuns(Runs):
    """What a run leaves has the history among its files."""

    def _done(
        self, workspace: Workspace, requested: date | None, days_earlier: int, again: tuple[date, date] | None
    ) -> Manifest:
        head = super()._done(workspace, requested, days_earlier, again)
        assert head.first_day is not None
        span = DayRange(date.fromisoformat(head.first_day), date.fromisoformat(head.watermark))
        restatements.record(workspace, span)
        self.head = candidate.propose(
            workspace.draft,
            workspace.catalog.published,
            watermark=head.watermark,
            first_day=head.first_day,
            config=workspace.config,
            reason="run",
            staged_at="",
        )
        return self.head

    def metrics(self) -> dict[str, pl.DataFrame]:
        """The metric tables, each in one frame."""
        if self.head is None:
            return {}
        return {name: frame for name, frame in self.tables().items() if name != "restatements"}

    def restatements(self, release: Manifest) -> pl.DataFrame:
        """The rows of that release alone."""
        schema: Any = catalog.load()["restatements"].table.polars_schema()
        files = [file for file in release.of(HISTORIES) if file.partition.endswith(f"={release.number:08d}")]
        frames = [pl.read_parquet(self.folder / "warehouse" / file.path) for file in files]
        return pl.concat([pl.DataFrame(schema=schema), *frames])
