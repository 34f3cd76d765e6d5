"""What one new day and a year's backfill cost against the rebuild: the table of docs/performance.md.

    python -m tests.bench.days FOLDER [--customers N] [--days N] [--new-days N] [--backfill DAYS] [--page PAGE]

The demo business is delivered by month, its last month by day. All of it but its last few days is taken in by one run
(the rebuild), then the files of those days come, a run for each. Every measured run is a process of its own. FOLDER is
made anew.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.demo.generate import generate
from tests.bench import page

LAST_DAY = date(2026, 10, 31)
STREAMS = ("orders", "subscriptions", "events")
STAGES = ("sources", "states", "metrics", "audit", "publish", "the rest")


@dataclass(frozen=True)
class Measured:
    """One run: what it is called, and what it told of itself."""

    name: str
    told: dict[str, Any]

    @property
    def cpu(self) -> float:
        return float(self.told["total"]["cpu"])

    @property
    def bytes(self) -> float:
        return float(self.told["total"]["bytes"])


class Business:
    """The demo in `folder`; what is not delivered yet waits outside the inbox."""

    def __init__(self, folder: Path, customers: int, days: int, seed: int, new_days: int) -> None:
        self.folder, self.config = folder, folder / "holdfast.toml"
        self.new_days = [LAST_DAY - timedelta(days=number) for number in reversed(range(new_days))]
        self._waiting = folder.with_name(f"{folder.name}.waiting")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._waiting, ignore_errors=True)
        generate(folder, customers, days, seed, period="month")
        generate(self._waiting, customers, days, seed, period="day")
        month = f"{LAST_DAY:%Y-%m}"
        for source in STREAMS:
            for file in (folder / "inbox" / source).glob(f"{month}*"):
                file.unlink()
            for file in sorted((self._waiting / "inbox" / source).glob(f"{month}*")):
                if file.name < f"{self.new_days[0]}":
                    shutil.move(file, folder / "inbox" / source / file.name)
        self._customers_without(self.new_days)

    def deliver(self, day: date) -> None:
        for source in STREAMS:
            for file in sorted((self._waiting / "inbox" / source).glob(f"{day}*")):
                shutil.move(file, self.folder / "inbox" / source / file.name)
        self._customers_without([later for later in self.new_days if later > day])

    def _customers_without(self, days: list[date]) -> None:
        """The file of the year comes again each day, with what is new by then."""
        yearly = Path("inbox", "customers", f"{LAST_DAY.year}.csv")
        lines = (self._waiting / yearly).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not any(f",{day}" in line for day in days)]
        (self.folder / yearly).write_text("".join(kept))

    def records(self) -> int:
        """The bytes of Dagster's records."""
        return sum(file.stat().st_size for file in (self.folder / ".dagster").rglob("*") if file.is_file())

    def run(self, name: str, *days: date) -> Measured:
        words = [sys.executable, "-m", "tests.bench.measured", str(self.config), *map(str, days)]
        ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(ran.stdout.splitlines()[-1])
        print(f"{name}: {told['total']['cpu']:.1f} s CPU, {told['total']['bytes'] / 1e6:,.0f} MB", file=sys.stderr)
        return Measured(name, told)

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self._waiting, ignore_errors=True)


def table(runs: list[Measured]) -> Iterator[str]:
    """A row for each run; what a stage costs, and what the run costs of the first one."""
    rebuild = runs[0]
    yield f"| run | {' | '.join(STAGES)} | CPU, all | of the rebuild | read | of the rebuild | imports |"
    yield f"|---|{'---:|' * (len(STAGES) + 5)}"
    for one in runs:
        costs = [f"{cost:.1f} s" for cost in (*(_stage(one, stage) for stage in STAGES), one.cpu)]
        share = f"{one.cpu / rebuild.cpu:.0%}"
        read, share_read = f"{one.bytes / 1e6:,.0f} MB", f"{one.bytes / rebuild.bytes:.0%}"
        imports = f"{one.told['imports']['cpu']:.1f} s"
        yield f"| {' | '.join([one.name, *costs, share, read, share_read, imports])} |"


def gate(runs: list[Measured]) -> Iterator[str]:
    """What of each run is the gate, from the staged candidate to its verdict and page."""
    yield "| run | CPU, all | of it the gate | share | read by the gate |"
    yield "|---|---:|---:|---:|---:|"
    for one in runs:
        cost = one.told["gate"]
        costs = f"{one.cpu:.1f} s | {cost['cpu']:.1f} s | {cost['cpu'] / one.cpu:.0%} | {cost['bytes'] / 1e6:,.0f} MB"
        yield f"| {one.name} | {costs} |"


def _stage(one: Measured, stage: str) -> float:
    """The CPU of a stage, whether it was measured as a whole or table by table."""
    return sum(cost["cpu"] for name, cost in one.told["stages"].items() if name.split(".")[0] == stage)


def said(rebuild: Measured, new: list[Measured], backfill: Measured | None, days: int, again: int) -> str:
    """What the table says, in a sentence or two."""
    cpu, read = (sum(getattr(one, name) for one in new) / len(new) for name in ("cpu", "bytes"))
    text = (
        f"A new day costs {cpu / rebuild.cpu:.0%} of the rebuild's CPU and {read / rebuild.bytes:.0%} of its bytes "
        f"(mean of {len(new)})."
    )
    if backfill is None:
        return text
    own = rebuild.cpu * again / days
    return (
        f"{text} The backfill of {again} days is one run of {backfill.cpu:.0f} s; three new days and its own days' "
        f"share of the rebuild are {3 * cpu + own:.0f} s, {again} daily runs at that mean {again * cpu:,.0f} s. "
        f"It adds {backfill.told['records'] / 1e6:.1f} MB to Dagster's records."
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=20_000)
    words.add_argument("--days", type=int, default=1095)
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--new-days", type=int, default=3, help="so many last days come one by one")
    words.add_argument("--backfill", type=int, default=365, help="days of the backfill; 0 leaves it out")
    words.add_argument("--page", type=Path, help="a page of docs/ to put the table in")
    words.add_argument("--detail", action="store_true", help="print everything that was measured, too")
    asked = words.parse_args()
    business = Business(asked.folder, asked.customers, asked.days, asked.seed, asked.new_days)
    rebuild, new, backfill = business.run("rebuild"), [], None
    for day in business.new_days:
        business.deliver(day)
        new.append(business.run(f"new day {day}"))
    if asked.backfill:
        before = business.records()
        first = LAST_DAY - timedelta(days=asked.backfill - 1)
        backfill = business.run(f"backfill of {asked.backfill} days", first, LAST_DAY)
        backfill.told["records"] = business.records() - before
    runs = [rebuild, *new, *([backfill] if backfill else [])]
    size = f"{asked.customers:,} customers, {asked.days:,} days."
    text = "\n".join([size, said(rebuild, new, backfill, asked.days, asked.backfill), "", *table(runs)])
    of_the_gate = "\n".join([size, "", *gate(runs)])
    print(text, of_the_gate, sep="\n\n")
    if asked.page:
        page.replace_part(asked.page, "days", text)
        page.replace_part(asked.page, "gate", of_the_gate)
    if asked.detail:
        print(json.dumps({one.name: one.told for one in runs}, indent=1))
    business.discard()


if __name__ == "__main__":
    main()
