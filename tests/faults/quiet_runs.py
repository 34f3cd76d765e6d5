"""The quiet days once more, as whole runs: tables are computed, the whole gate judges, and every day is published.

`python -m tests.faults.quiet_runs [CUSTOMERS DAYS HISTORY_DAYS [FOLDER]]` prints every alarm; with a folder it can be
broken off and goes on. A small business is enough here: what many rows make of the bounds of a day is for quiet_days,
which judges the sources alone and is quicker.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from pipelines import steps
from pipelines.asked import Asked
from pipelines.demo import generate
from pipelines.workspace import Workspace
from quality import expectations
from quality.verdict import Result, Verdict
from tests.faults.quiet_days import DAYS_OF_DEMO, FIRST, HISTORY_DAYS, deliver, hide
from warehouse import catalog, config
from warehouse.draft import Draft
from warehouse.errors import GateRefused
from warehouse.locks import RunLock
from warehouse.releases import Releases
from warehouse.store import Store

# The sources whose file of the year comes again every day, and which of its columns says since when a row is known.
YEARLY = {"customers": 3, "payments": 4, "fx_rates": 0}


def days(folder: Path, customers: int, number: int, history: int = HISTORY_DAYS) -> Iterator[tuple[date, list[Result]]]:
    """What failed on each day; the first holds the history. After a day that was refused nothing follows.

    In a folder that has a release already it goes on after it.
    """
    if not (folder / "holdfast.toml").exists():
        generate(folder, customers, DAYS_OF_DEMO, period="day")
        hide(folder, YEARLY)
    expectations.load()
    head = Releases(folder / "warehouse").head()
    done = (date.fromisoformat(head.watermark) - FIRST).days + 1 if head else 0
    for last in range(max(done, history - 1), history + number):
        for one in range(done, last + 1):
            deliver(folder, FIRST + timedelta(days=one))
        done, day = last + 1, FIRST + timedelta(days=last)
        _deliver_yearly(folder, day)
        verdict = _run(folder, day)
        yield day, list(verdict.failed)
        if not verdict.passed:
            return


def _deliver_yearly(folder: Path, day: date) -> None:
    """What of the year's rows is known by that day."""
    for source, column in YEARLY.items():
        for file in (folder / f"later-{source}").iterdir():
            head, *rows = file.read_text().splitlines(keepends=True)
            known = [row for row in rows if row.split(",")[column][:10] <= f"{day}"]
            if known:
                (folder / "inbox" / source / file.name).write_text("".join([head, *known]))


def _run(folder: Path, day: date) -> Verdict:
    """The steps of the main job, one after another, as on the morning after."""
    settings = config.load(folder / "holdfast.toml")
    tables, releases = catalog.load().for_sources(settings.sources), Releases(settings.home)
    asked = Asked(last_day=day)
    with RunLock(settings.home) as lock:
        releases.recover(held=lock)
        draft = Draft.open_or_create(settings.home, f"run-{day}", releases.head())
        workspace = Workspace(settings, tables, Store(settings.home), draft, releases, lambda _: None)
        first = FIRST if releases.head() is None else day
        for entry in (*tables.sources.values(), *tables.states.values(), *tables.metrics.values()):
            steps.make(workspace, entry.table, asked, first)
        verdict = steps.audit(workspace, asked)
        try:
            steps.publish(workspace)
        except GateRefused:
            assert not verdict.passed
        releases.recover(held=lock)
        return verdict


def main(words: list[str]) -> None:
    customers, number, history = (int(word) for word in words[:3] or ("400", "200", str(HISTORY_DAYS)))
    with tempfile.TemporaryDirectory() as temporary:
        folder, alarms = Path(words[3] if words[3:] else temporary) / "demo", 0
        for judged, (day, failed) in enumerate(days(folder, customers, number, history)):
            found = [one for one in failed if one.severity != "info"]
            alarms += len(found)
            for one in found:
                print(day, one.severity, one.subject, one.check, one.observed, one.bound, one.where, one.message)
            print(f"{judged} days to {day}: {alarms} alarms, {time.process_time():.0f} s CPU", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
