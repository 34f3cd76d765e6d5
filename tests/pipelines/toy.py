"""A warehouse of three tiny tables whose making is faked, so that a test sees only how a run is conducted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import ingest, news, steps
from pipelines.asked import Asked
from pipelines.days import DayRange
from pipelines.run import Outcome, run
from pipelines.workspace import Workspace
from quality import gate
from quality.verdict import Result, Verdict
from warehouse import config
from warehouse.candidate import Candidate

HEAD = """\"\"\"A toy.\"\"\"
from __future__ import annotations
import polars as pl
from warehouse.table import Column, Measure, Table

"""
SOURCE = HEAD + 'table = Table("orders", "Orders.", "sources", (Column("order_id", pl.String, "Id."),))\n'
STATE = (
    HEAD
    + """table = Table("order_days", "Order days.", "states", (Column("day", pl.Date, "Day."),), sources=("orders",))
def build(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders
"""
)
METRIC = (
    HEAD
    + """table = Table("orders_daily", "Orders a day.", "metrics", (Column("date", pl.Date, "Day."),),
    (Measure("orders", description="Orders.", unit="orders"),), sources=("orders",))
def measure(order_days: pl.LazyFrame) -> pl.LazyFrame:
    return order_days
"""
)
CONFIG = """
[warehouse]
time_zone = "Europe/London"
[sources.orders]
path = "inbox/*.csv"
currency = "USD"
"""


@dataclass
class NewFiles:
    """What the inbox is made to say."""

    files: tuple[str, ...] = ("inbox/a.csv",)
    first: date | None = date(2026, 3, 5)
    last: date | None = date(2026, 6, 5)

    def __bool__(self) -> bool:
        return bool(self.files)

    def first_day(self) -> date | None:
        return self.first

    def last_day(self) -> date | None:
        return self.last


@dataclass
class Toy:
    """`made` lists the steps as they ran; `fail` is called at the start of each; `rows` is what every table holds."""

    root: Path
    inbox: NewFiles = field(default_factory=NewFiles)
    days: DayRange = field(default_factory=lambda: DayRange(date(2026, 3, 5), date(2026, 6, 4)))
    rows: int = 1
    results: list[Result] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    fail: Callable[[str], None] = lambda table: None

    @property
    def config(self) -> config.Config:
        return config.load(self.root / "holdfast.toml")

    @property
    def assets(self) -> Path:
        return self.root / "tables"

    def run(self, last_day: date | None = None) -> Outcome | None:
        return run(self.config, Asked(last_day), assets_folder=self.assets)

    def make(self, workspace: Workspace, layer: str, table: str) -> None:
        self.made.append(table)
        self.fail(table)
        declared = workspace.catalog[table].table
        frame = pl.DataFrame({"date": [date(2026, 3, 5)] * self.rows, "orders": range(self.rows)})
        rows = frame.cast({"orders": pl.Int64}) if layer == "metrics" else pl.DataFrame(schema=declared.polars_schema())
        schema = declared.arrow_schema() if layer == "metrics" else None
        file = workspace.store.write(layer, table, "month=2026-03", rows, schema)
        notes = {"newest_day": "2026-06-05"} if layer == "sources" else None
        workspace.draft.put(layer, table, {"month=2026-03": file}, notes)

    def judge(self, candidate: Candidate, **_: object) -> Verdict:
        self.made.append("audit")
        checked = Result("rows", "orders_daily", None, "critical", True, "1", ">= 1", "There are rows.")
        return Verdict.of(candidate.digest, [checked, *self.results], "2026-06-05T00:00:00+00:00")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy(tmp_path)
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    for layer, name, text in (
        ("sources", "orders", SOURCE),
        ("states", "order_days", STATE),
        ("metrics", "daily", METRIC),
    ):
        (made.assets / layer).mkdir(parents=True)
        (made.assets / layer / f"{name}.py").write_text(text)

    def metric(workspace: Workspace, table: str, days: DayRange) -> None:
        made.made.append(f"{days.first_day} to {days.last_day}")
        made.make(workspace, "metrics", table)

    monkeypatch.setattr(news.ingest, "pending", lambda *_, **__: made.inbox)
    monkeypatch.setattr(ingest, "take_in", lambda workspace, source, **_: made.make(workspace, "sources", source))
    monkeypatch.setattr(steps.build, "build_state", lambda workspace, table: made.make(workspace, "states", table))
    monkeypatch.setattr(steps.build, "build_metric", metric)
    monkeypatch.setattr(steps, "find_range", lambda *_: made.days)
    monkeypatch.setattr(gate, "judge", made.judge)
    return made
