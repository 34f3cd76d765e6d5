"""What the gate costs of a daily run: the table of docs/performance.md.

    python -m tests.bench.gate FOLDER [--customers N] [--days N] [--seed S]

The same business and runs as in days.py. Great Expectations is imported before anything is measured. FOLDER is made anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from tests.bench.days import Business, Measured
from tests.bench.page import replace_part

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def table(customers: int, days: int, runs: list[Measured]) -> Iterator[str]:
    yield f"{customers:,} customers, {days:,} days; CPU of all threads:\n"
    yield "| run | CPU, all | of it the gate | share | read by the gate | import, apart |"
    yield "|---|---:|---:|---:|---:|---:|"
    for one in runs:
        gate, imports = one.told["gate"], one.told["imports"]["cpu"]
        costs = f"{one.cpu:.1f} s | {gate['cpu']:.1f} s | {gate['cpu'] / one.cpu:.0%} | {gate['bytes'] / 1e6:,.0f} MB"
        yield f"| {one.name} | {costs} | {imports:.1f} s |"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=200_000)
    words.add_argument("--days", type=int, default=730)
    words.add_argument("--seed", type=int, default=7)
    asked = words.parse_args()
    business = Business(asked.folder, asked.customers, asked.days, asked.seed)
    runs = [business.run("rebuild")]
    business.deliver_last_day()
    runs.append(business.run("one new day"))
    text = "\n".join(table(asked.customers, asked.days, runs))
    print(text)
    replace_part(PAGE, "gate", text)
    business.discard()


if __name__ == "__main__":
    main()
