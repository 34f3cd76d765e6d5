"""A shop of a few orders, each run of it a release: what its history says, in numbers a person can add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines import build, days, ingest, restatements
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from warehouse import catalog, config
from warehouse.catalog import Catalog
from warehouse.draft import Draft
from warehouse.manifest import HISTORIES, Manifest
from warehouse.releases import Releases
from warehouse.store import Store

LONG_AFTER = date(2100, 1, 1)
TOML = """
[warehouse]
shards = 1
{warehouse}
[activity]
orders_window_days = {window}
[sources.orders]
path = "inbox/*.csv"
currency = "USD"
full_extract = {extract}
"""
HEADER = "order_id,customer_id,ordered_at,amount"
Row = tuple[str, str, str, str, int, str, str]


class Shop:
    """Deliver files, then run; only the tables named are made, and there is no gate."""

    def __init__(self, folder: Path, *tables: str) -> None:
        self.folder = folder
        self.tables = tables or ("orders_daily",)
        self.releases = Releases(folder / "warehouse")
        self.store = Store(folder / "warehouse")
        self.lines: list[str] = []
        self.assets: Path | None = None
        self.configure()

    def configure(self, *, window: int = 90, extract: bool = False, more: str = "", warehouse: str = "") -> None:
        text = TOML.format(window=window, extract=str(extract).lower(), warehouse=warehouse)
        (self.folder / "holdfast.toml").write_text(text + more)

    def deliver(self, name: str, *orders: str, header: str = HEADER, inbox: str = "inbox") -> None:
        """Each order is a line: id, customer, day, amount."""
        path = self.folder / inbox / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([header, *(line.replace(" ", ",") for line in orders)]) + "\n")

    def run(self, again: tuple[date, date] | None = None) -> Manifest:
        """Takes in, computes, publishes what there is; the release. `again` makes it a backfill of these days."""
        self.lines.clear()
        settings = config.load(self.folder / "holdfast.toml")
        head = self.releases.head()
        draft = Draft.open_or_create(settings.home, f"run-{(head.number if head else 0) + 1}", head)
        workspace = Workspace(settings, self._tables(), self.store, draft, self.releases, self.lines.append)
        for source in workspace.catalog.sources:
            ingest.take_in(workspace, source, again=again)
        found = days.find_range(workspace, None, LONG_AFTER)
        span = DayRange(min(found.first_day, *again), found.last_day) if again else found
        draft.set_plan({days.ARE_ASKED_FOR: again is not None})
        for state in workspace.catalog.states:
            build.build_state(workspace, state)
        for table in workspace.catalog.metrics:
            build.build_metric(workspace, table, span)
        restatements.record(workspace, span)
        candidate = self.releases.stage(
            draft,
            tables=workspace.catalog.published,
            watermark=span.last_day,
            first_day=span.first_day,
            config=settings,
            reason="run",
        )
        return self.releases.publish(candidate, {"passed": True, "digest": candidate.digest})

    def history(self) -> pl.DataFrame:
        """The newest release's history."""
        head = self.releases.head()
        assert head is not None
        table = catalog.load()["restatements"].table
        return self.store.scan(head.of(HISTORIES), table.polars_schema()).collect()

    def told(self, column: str, segment: str = "all") -> list[tuple[int, str, str, int, Decimal, Decimal]]:
        """Of one column: release, month, cause, cells changed, sum before, sum after."""
        rows = self.history().filter(pl.col("column_name") == column, pl.col("segment") == segment)
        return rows.select("release", "month", "cause", "cells_changed", "sum_before", "sum_after").rows()

    def _tables(self) -> Catalog:
        """The named tables, with all they are made from."""
        settings = config.load(self.folder / "holdfast.toml")
        everything = catalog.load(self.assets).for_sources(settings.sources)
        kept = [one for one in everything if one.table.layer != "metrics" or one.table.name in self.tables]
        return Catalog(kept, self.assets)
