"""What one new day and a year's backfill cost against the rebuild: the table of docs/performance.md.

    python -m tests.bench.days FOLDER [--customers N] [--days N] [--new-days N] [--backfill DAYS] [--processors N]
        [--times N] [--page PAGE]

The demo business is delivered by month, its last month by day. All of it but its last few days is taken in by one run
(the rebuild), then the files of those days come, a run for each; those of the last day in two parts. Every measured run
is a process of its own. FOLDER is made anew. On one processor the CPU of the same work is most alike from run to run:
of two that share a core, each is slowed down by the other. Shares of the rebuild are of CPU at one pace of the machine
(tests/bench/pace.py), and of bytes; of runs done several times the one in the middle is told, with the least and most.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pipelines.text import counted
from tests.bench import page
from tests.bench.deliveries import LAST_DAY, Business
from tests.bench.repeated import Measured, run

STAGES = ("sources", "states", "metrics", "audit", "publish", "the rest")


def records(business: Business) -> int:
    """The bytes of Dagster's records."""
    return sum(file.stat().st_size for file in (business.folder / ".dagster").rglob("*") if file.is_file())


def table(runs: list[Measured]) -> Iterator[str]:
    """A row for each run; what a stage costs, and what the run costs of the first one."""
    rebuild = runs[0]
    told = (*STAGES, "CPU, all", "pace", "of the rebuild", "least to most", "read", "of the rebuild", "imports")
    yield f"| run | {' | '.join(told)} |"
    yield f"|---|{'---:|' * len(told)}"
    for one in runs:
        costs = [f"{cost:.1f} s" for cost in (*(_stage(one, stage) for stage in STAGES), one.cpu)]
        costs.append(f"{one.told['pace']:.0f}")
        least, share, most = (
            f"{work / rebuild.work:.1%}" for work in (one.every_work[0], one.work, one.every_work[-1])
        )
        read, share_read = f"{one.bytes / 1e6:,.0f} MB", f"{one.bytes / rebuild.bytes:.0%}"
        imports = f"{one.told['imports']['cpu']:.1f} s"
        yield f"| {' | '.join([one.name, *costs, share, f'{least} to {most}', read, share_read, imports])} |"


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


def said(runs: Mapping[str, list[Measured]], days: int, again: int) -> str:
    """What the table says, in a few sentences."""
    [rebuild], whole, [own, rest] = runs["rebuild"], runs["whole days"], runs["a day in parts"]
    cpu = sum(one.cpu for one in whole) / len(whole)
    text = (
        f"A new day's own rows cost {_share(rebuild, own)}; its late rows, refunds and changed customers, in a run of "
        f"their own, {_share(rebuild, rest)}. A day as it comes, with both, costs {_share(rebuild, *whole)} (mean of "
        f"{len(whole)})."
    )
    if not runs["backfill"]:
        return text
    [backfill] = runs["backfill"]
    its_days = rebuild.cpu * again / days
    return (
        f"{text} The backfill of {again} days is one run of {backfill.cpu:.0f} s; three new days and its own days' "
        f"share of the rebuild are {3 * cpu + its_days:.0f} s, {again} daily runs at that mean {again * cpu:,.0f} s. "
        f"It adds {backfill.told['records'] / 1e6:.1f} MB to Dagster's records."
    )


def _share(rebuild: Measured, *runs: Measured) -> str:
    """The mean of the runs by the rebuild."""
    work, read = (sum(getattr(one, name) for one in runs) / len(runs) for name in ("work", "bytes"))
    return f"{work / rebuild.work:.1%} of the rebuild's CPU and {read / rebuild.bytes:.1%} of its bytes"


def measured(business: Business, again: int, times: int) -> dict[str, list[Measured]]:
    """The rebuild, whole days, the last day in two parts, and a backfill of so many days, if any."""
    done = functools.partial(run, business, times=times)
    found = {"rebuild": [done("rebuild")], "whole days": [], "a day in parts": [], "backfill": []}
    *whole, last = business.new_days
    for day in whole:
        business.deliver(day)
        found["whole days"].append(done(f"new day {day}"))
    business.deliver_own(last)
    found["a day in parts"].append(done(f"new day {last}, its own rows"))
    business.deliver(last)
    found["a day in parts"].append(done("what it changes of days before"))
    if again:
        before, first = records(business), LAST_DAY - timedelta(days=again - 1)
        backfill = run(business, f"backfill of {again} days", first, LAST_DAY)
        backfill.told["records"] = records(business) - before
        found["backfill"].append(backfill)
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=20_000)
    words.add_argument("--days", type=int, default=1095)
    words.add_argument("--seed", type=int, default=7)
    words.add_argument(
        "--new-days", type=int, default=3, help="so many last days come one by one, the last in two parts"
    )
    words.add_argument("--backfill", type=int, default=365, help="days of the backfill; 0 leaves it out")
    words.add_argument("--processors", type=int, help="how many of them to use (Linux); all by default")
    words.add_argument("--times", type=int, default=1, help="do each run, but the backfill, so many times")
    words.add_argument("--page", type=Path, help="a page of docs/ to put the table in")
    words.add_argument("--detail", action="store_true", help="print everything that was measured, too")
    asked = words.parse_args()
    if asked.new_days < 2:
        words.error("--new-days: at least 2, one of them in two parts")
    if asked.processors:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.processors])
    business = Business(asked.folder, asked.customers, asked.days, asked.seed, asked.new_days)
    found = measured(business, asked.backfill, asked.times)
    runs = [one for some in found.values() for one in some]
    size = f"{asked.customers:,} customers, {asked.days:,} days"
    size += f", {counted(asked.processors, 'processor')}" if asked.processors else ""
    size += f", each run {asked.times} times." if asked.times > 1 else "."
    text = "\n".join([size, said(found, asked.days, asked.backfill), "", *table(runs)])
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
