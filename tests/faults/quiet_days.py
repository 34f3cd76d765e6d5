"""Days on which nothing is wrong, delivered one after the other and judged as a daily run judges them: no alarm.

`python -m tests.faults.quiet_days` delivers 200: a shopping season, Christmas, growth, and a planned change of prices.
Only the tables are left out: what is judged here are deliveries, days and contradictions, by the gate's own measuring.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines import ingest
from pipelines.demo import generate
from pipelines.workspace import Workspace
from quality.audit import Audit
from quality.verdict import Observation
from tests.faults.bench import EMPTY, FILES, decoded, encoded
from tests.quality.shop import fails
from warehouse import catalog, config
from warehouse.candidate import Candidate
from warehouse.draft import Draft
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store

FIRST, HISTORY_DAYS, DAYS_OF_DEMO = date(2025, 10, 1), 60, 396
PRICES_CHANGE, FACTOR = date(2026, 3, 1), 1.15


@dataclass(frozen=True)
class Alarm:
    day: date
    severity: str
    source: str
    check: str
    told: str


def alarms(folder: Path, customers: int, days: int, history: int = HISTORY_DAYS) -> Iterator[Alarm]:
    """Everything that fails while so many daily deliveries come in; the days before are the history."""
    generate(folder, customers, DAYS_OF_DEMO, period="day")
    hide(folder)
    settings, tables = config.load(folder / "holdfast.toml"), catalog.load()
    store, head = Store(settings.home), None
    for number in range(-1, days):
        day = FIRST + timedelta(days=history + number)
        for one in [day] if head else [FIRST + timedelta(days=back) for back in range(history)]:
            deliver(folder, one)
        draft = Draft.open_or_create(settings.home, f"run-{number + 1}", head)
        workspace = Workspace(settings, tables, store, draft, Releases(settings.home), lambda _: None)
        for source in settings.sources:
            ingest.take_in(workspace, source)
        made = replace(EMPTY, number=number + 2, files=draft.all_files(), notes=draft.all_notes(), watermark=str(day))
        if head is not None:
            audit = Audit(Candidate(folder, made), tables, settings, store, head)
            for source in settings.sources:
                for one in filter(_alarms, audit.of_source(tables[source])):
                    yield Alarm(day, one.severity, source, one.check, f"{one.observed} {one.message}")
        _forget(store, head, made)
        head = made


def _alarms(one: Observation) -> bool:
    return fails(one) and one.severity != "info"


def hide(folder: Path, sources: Iterable[str] = ()) -> None:
    """Puts what is not delivered yet where the inbox does not look: the daily files, and those of these sources."""
    for source in (*FILES, *sources):
        (folder / "inbox" / source).rename(folder / f"later-{source}")
        (folder / "inbox" / source).mkdir()


def deliver(folder: Path, day: date) -> None:
    """The daily files of that day, with the prices of that day."""
    for source, ending in FILES.items():
        file = folder / f"later-{source}" / f"{day}{ending}"
        if not file.exists():
            continue
        content = file.read_bytes()
        if source == "orders" and day >= PRICES_CHANGE:
            raised = (pl.col("amount").cast(pl.Float64, strict=False) * FACTOR).round(2).cast(pl.String)
            rows = decoded(file.name, content).with_columns(amount=pl.coalesce(raised, "amount"))
            content = encoded(file.name, rows)
        (folder / "inbox" / source / file.name).write_bytes(content)


def _forget(store: Store, before: Manifest | None, after: Manifest) -> None:
    kept = {file.path for file in after.files}
    for file in before.files if before else ():
        if file.path not in kept:
            (store.home / file.path).unlink()


if __name__ == "__main__":
    customers, days = (int(word) for word in (sys.argv[1:] or ["3000", "200"]))
    with tempfile.TemporaryDirectory() as temporary:
        found = 0
        for alarm in alarms(Path(temporary) / "demo", customers, days):
            found += 1
            print(alarm, flush=True)
    print(f"{days} days of {customers} customers: {found} alarms")
