"""Taking raw events in, against DuckDB: interleaved, in fresh processes, as a table of ratios.

    python -m tests.bench.intake [--size 5M] [--repeats N] [--folder DIR] [--page docs/performance.md]

The raw files and lakes are made once for a size and kept in the folder. The answers of the first repeat are compared,
and a difference ends the run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench import page
from tests.bench.intake import raw, works
from tests.bench.intake.works import ENGINES, Work
from tests.bench.kernels.__main__ import number_of, tell

Runs = dict[str, list[dict[str, float]]]
HEADER = "| work | ours: CPU | wall | read | duckdb: CPU (goal) | wall | read | peak MB: ours | duckdb |"


def prepared(folder: Path, events: int, seed: int) -> Path:
    """The home of the raw files and lakes of that size, made unless they are there already."""
    home = folder / f"raw-{events}-{seed}"
    mark, recipe = home / "made", raw.recipe()
    if not mark.exists() or mark.read_text() != recipe:
        shutil.rmtree(home, ignore_errors=True)
        works.prepare(home, events, seed)
        mark.write_text(recipe)
    return home


def measured(work: Work, home: Path, repeats: int) -> tuple[Runs, int]:
    """What every run cost, and how many rows both answers have."""
    runs: Runs = {engine: [] for engine in ENGINES}
    targets = {engine: home / f"{work.name}.{engine}" for engine in ENGINES}
    rows = 0
    for repeat in range(repeats):
        for engine, target in targets.items():
            words = [sys.executable, "-m", "tests.bench.intake.one", work.name, engine, str(home), str(target)]
            ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            runs[engine].append(json.loads(ran.stdout.splitlines()[-1]))
        rows = rows if repeat else works.check_equal(work, home, targets)
        tell(f"{work.name}: " + ", ".join(f"{engine} {runs[engine][-1]['cpu']:.2f} s" for engine in ENGINES))
    return runs, rows


def row(work: Work, runs: Runs) -> str:
    typical = {
        engine: {kind: median(run[kind] for run in found) for kind in found[0]} for engine, found in runs.items()
    }
    ours, theirs = typical["ours"], typical["duckdb"]
    cells = [
        work.title,
        f"{ours['cpu']:.2f} s",
        f"{ours['wall']:.2f} s",
        f"{ours['bytes'] / 1e6:,.0f} MB",
        f"{theirs['cpu'] / ours['cpu']:.2f}x ({work.goal:g})",
        f"{theirs['wall'] / ours['wall']:.2f}x",
        f"{theirs['bytes'] / 1e6:,.0f} MB",
        *(f"{one['peak'] / 1e6:,.0f}" for one in (ours, theirs)),
    ]
    return f"| {' | '.join(cells)} |"


def table(events: int, home: Path, repeats: int) -> Iterator[str]:
    """The lines of the page."""
    found = {work.name: measured(work, home, repeats) for work in works.WORKS}
    rows = ", ".join(f"{work.title}: {found[work.name][1]:,} rows" for work in works.WORKS)
    yield f"{events:,} raw events, {works.SHARDS} shards, medians of {repeats} interleaved runs. Equal in both: {rows}."
    yield from ["", HEADER, f"|---|{'---:|' * 8}"]
    yield from (row(work, found[work.name][0]) for work in works.WORKS)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--size", default="5M", help="raw events: 500K, 5M, 50M")
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--repeats", type=int, default=5)
    words.add_argument("--folder", type=Path, default=Path("build", "bench"))
    words.add_argument("--page", type=Path, help="the page whose table is replaced")
    asked = words.parse_args()
    events = number_of(asked.size)
    home = prepared(asked.folder.absolute(), events, asked.seed)
    text = "\n".join(table(events, home, asked.repeats))
    print(text)
    if asked.page:
        page.replace_part(asked.page, "intake", text)


if __name__ == "__main__":
    main()
