"""A small warehouse without a pipeline: tables are put into a draft by hand, and verdicts are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from warehouse.candidate import Candidate
from warehouse.draft import Draft
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store
from warehouse.table import Column, Measure, Table

KEYS = (Column("date", pl.Int64, "The day."),)
TABLES = {
    name: Table(
        name=name,
        description=f"What {name} are, and the customer's share.",
        layer="metrics",
        grain=KEYS,
        columns=(Measure(name=f"{name}_count", description="How many.", unit="customers"),),
    )
    for name in ("orders_daily", "mrr_daily")
}
TWELVE = {
    name: replace(TABLES["orders_daily"], name=name)
    for name in ("orders_daily", *(f"t{i:02}_daily" for i in range(11)))
}
CONFIG: Any = SimpleNamespace(time_zone="Europe/London", version="c0ffee")


class Business:
    """One warehouse, and a clock that a test moves."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
        self.store = Store(home)
        self.releases = Releases(home, clock=lambda: self.now)
        self.runs = 0

    def draft(
        self, months: Mapping[str, int], tables: Mapping[str, Table] = TABLES, deliveries: tuple[str, ...] = ()
    ) -> Draft:
        """Each month of each table holds that one value; a negative one takes the month away."""
        self.runs += 1
        draft = Draft.open_or_create(self.home, f"run-{self.runs}", self.releases.head())
        for name, table in tables.items():
            present = draft.files("metrics", name)
            changes = {
                f"month={month}": None
                if value < 0
                else self.store.write(
                    "metrics",
                    name,
                    f"month={month}",
                    pl.DataFrame({column.name: [value] for column in table.all_columns}, schema=table.polars_schema()),
                    table.arrow_schema(),
                    previous=present.get(f"month={month}"),
                )
                for month, value in months.items()
            }
            draft.put("metrics", name, changes)
        if deliveries:
            rows = {"source": "orders", "path": list(deliveries), "sha256": [f"{path}-sha" for path in deliveries]}
            ledger = self.store.write("ledger", "files", "whole", pl.DataFrame(rows))
            draft.put("ledger", "files", {"whole": ledger})
        return draft

    def stage(
        self,
        months: Mapping[str, int],
        tables: Mapping[str, Table] = TABLES,
        deliveries: tuple[str, ...] = (),
    ) -> Candidate:
        return self.stage_draft(self.draft(months, tables, deliveries), tables)

    def stage_draft(self, draft: Draft, tables: Mapping[str, Table] = TABLES) -> Candidate:
        return self.releases.stage(
            draft,
            tables=tables,
            watermark="2026-10-31",
            first_day=None,
            config=CONFIG,
            reason="run",
        )

    def publish(
        self, months: Mapping[str, int], tables: Mapping[str, Table] = TABLES, deliveries: tuple[str, ...] = ()
    ) -> Manifest:
        candidate = self.stage(months, tables, deliveries)
        self.now += timedelta(days=1)
        return self.releases.publish(candidate, passed(candidate))

    def read(self, number: int, table: str = "orders_daily") -> list[int]:
        """The values in the folder of that release, in order of the months."""
        folder = self.releases.folder(number) / table
        frames = [pl.read_parquet(path, hive_partitioning=False) for path in sorted(folder.rglob("*.parquet"))]
        return [value for frame in frames for value in frame["date"]]


def passed(candidate: Candidate) -> dict[str, Any]:
    return {"passed": True, "digest": candidate.digest, "results": []}
