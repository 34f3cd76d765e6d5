"""Peak memory of a whole first run by size and shards: `python -m tests.bench.memory FOLDER [options]`.

    --customers 42000 420000   sizes; a customer of the demo has about 119 events in 730 days
    --shards 1 8 64
    --limit-mb 2000            each run once more in a control group of so much memory
    --page docs/performance.md

Every run is a fresh process that takes in the raw files and publishes. FOLDER is made anew.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import demo, page

MB = 1_000_000
HEADER = "| events | shards | peak memory | CPU | seconds | events a second of CPU | under the limit |"


def rows(business: demo.Business, shards: list[int], limit_mb: int | None) -> Iterator[str]:
    """A line of the table for each number of shards, and what was measured to stderr as it comes."""
    for number in shards:
        told = business.first_run(number)
        limited = _limited(business, number, limit_mb) if limit_mb else ""
        row = _row(business.events, number, told, limited)
        print(row, file=sys.stderr, flush=True)
        yield row


def _limited(business: demo.Business, shards: int, limit_mb: int) -> str:
    try:
        told = business.first_run(shards, limit_mb * MB)
    except subprocess.CalledProcessError as error:
        return f"did not end ({error.returncode})"
    return f"{told['peak'] / MB:,.0f} MB, {told['total']['seconds']:.0f} s"


def _row(events: int, shards: int, told: dict[str, Any], limited: str) -> str:
    cpu, seconds = told["total"]["cpu"], told["total"]["seconds"]
    cells = [f"{events:,}", f"{shards}", f"{told['peak'] / MB:,.0f} MB", f"{cpu:.0f} s", f"{seconds:.0f}"]
    return f"| {' | '.join([*cells, f'{events / cpu:,.0f}', limited or 'not run'])} |"


def main() -> None:
    words = argparse.ArgumentParser(description="Peak memory of a whole first run by size and shards.")
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, nargs="+", default=[42_000])
    words.add_argument("--days", type=int, default=730)
    words.add_argument("--shards", type=int, nargs="+", default=[1, 8, 64])
    words.add_argument("--limit-mb", type=int)
    words.add_argument("--page", type=Path)
    asked = words.parse_args()
    found = []
    for customers in asked.customers:
        business = demo.make(asked.folder, customers, asked.days)
        found += rows(business, asked.shards, asked.limit_mb)
        shutil.rmtree(asked.folder)
    text = "\n".join([HEADER, "|---:|---:|---:|---:|---:|---:|---|", *found])
    print(text)
    if asked.page:
        page.replace_part(asked.page, "memory", text)


if __name__ == "__main__":
    main()
