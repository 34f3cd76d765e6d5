"""What one new day and a year's backfill cost against the rebuild: the table of docs/performance.md.

    python -m tests.bench.days FOLDER [--customers N] [--days N] [--seed S] [--backfill DAYS]

The demo business is delivered by month, its last month by day. All of it but its last day is taken in by one run (the
rebuild), then the last day's files come. Every measured run is a process of its own. FOLDER is made anew.
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

    def __init__(self, folder: Path, customers: int, days: int, seed: int) -> None:
        self.folder, self.config = folder, folder / "holdfast.toml"
        self._waiting = folder.with_name(f"{folder.name}.waiting")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._waiting, ignore_errors=True)
        generate(folder, customers, days, seed, period="month")
        generate(self._waiting, customers, days, seed, period="day")
        month = f"{LAST_DAY:%Y-%m}"
        for source in STREAMS:
            for file in (folder / "inbox" / source).glob(f"{month}*"):
                file.unlink()
        self._hold_back_yearly("customers")
        for source in STREAMS:
            for file in sorted((self._waiting / "inbox" / source).glob("*")):
                if file.name.startswith(month) and not file.name.startswith(f"{LAST_DAY}"):
                    shutil.move(file, folder / "inbox" / source / file.name)

    def _hold_back_yearly(self, source: str) -> None:
        """The file of the year without the rows of the last day; the whole one comes with that day."""
        file = self.folder / "inbox" / source / f"{LAST_DAY.year}.csv"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if f",{LAST_DAY}" not in line))

    def deliver_last_day(self) -> None:
        for source in STREAMS:
            for file in sorted((self._waiting / "inbox" / source).glob(f"{LAST_DAY}*")):
                shutil.move(file, self.folder / "inbox" / source / file.name)
        yearly = Path("inbox", "customers", f"{LAST_DAY.year}.csv")
        shutil.copy(self._waiting / yearly, self.folder / yearly)

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
        stages = (one.told["stages"].get(stage, {}).get("cpu", 0.0) for stage in STAGES)
        costs = [f"{cost:.1f} s" for cost in (*stages, one.cpu)]
        share = f"{one.cpu / rebuild.cpu:.0%}"
        read, share_read = f"{one.bytes / 1e6:,.0f} MB", f"{one.bytes / rebuild.bytes:.0%}"
        imports = f"{one.told['imports']['cpu']:.1f} s"
        yield f"| {' | '.join([one.name, *costs, share, read, share_read, imports])} |"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=20_000)
    words.add_argument("--days", type=int, default=1095)
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--backfill", type=int, default=365, help="days of the backfill; 0 leaves it out")
    words.add_argument("--detail", action="store_true", help="print everything that was measured, too")
    asked = words.parse_args()
    business = Business(asked.folder, asked.customers, asked.days, asked.seed)
    runs = [business.run("rebuild")]
    business.deliver_last_day()
    runs.append(business.run("one new day"))
    if asked.backfill:
        first = LAST_DAY - timedelta(days=asked.backfill - 1)
        runs.append(business.run(f"backfill of {asked.backfill} days", first, LAST_DAY))
    print(f"{asked.customers:,} customers, {asked.days:,} days\n")
    print("\n".join(table(runs)))
    if asked.detail:
        print(json.dumps({one.name: one.told for one in runs}, indent=1))
    business.discard()


if __name__ == "__main__":
    main()
