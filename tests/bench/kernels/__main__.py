"""Every work in the product and in its baselines, interleaved in fresh processes, as a table of ratios.

    python -m tests.bench.kernels [--size 5M] [--repeats N] [--works a,b] [--folder DIR] [--page docs/performance.md]

The business is made once for a size and kept in the folder. In every repeat of a work each engine has its turn; its
first answer is compared with ours cell by cell, and a difference ends the run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import polars as pl

from tests.bench import page
from tests.bench.kernels import business, report, works
from tests.bench.kernels.works import DECODING, ENGINES, OURS, Work
from tests.oracle import compare

UNITS = {"K": 1_000, "M": 1_000_000}


def number_of(size: str) -> int:
    """`5M` as a number."""
    unit = UNITS.get(size[-1:].upper(), 1)
    return int(float(size[:-1] if unit > 1 else size) * unit)


def prepared(folder: Path, events: int, seed: int) -> Path:
    """The home of the business of that size, made unless it is there already, whole and by the same recipe."""
    home, mark = folder / f"{events}-{seed}", folder / f"{events}-{seed}.made"
    if not mark.exists() or mark.read_text() != business.recipe():
        shutil.rmtree(home, ignore_errors=True)
        mark.unlink(missing_ok=True)
        began = time.monotonic()
        business.make(home, events, seed)
        mark.write_text(business.recipe())
        tell(f"a business of {events:,} events made in {time.monotonic() - began:.0f} s")
    return home


def measured(
    work: Work, engines: list[str], home: Path, repeats: int, scratch: Path
) -> dict[str, list[dict[str, float]]]:
    """What every run of every engine cost. Raises ValueError where an answer differs from ours."""
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in engines}
    for repeat in range(repeats):
        for engine in engines:
            target = scratch / f"{work.name}.{engine}.parquet"
            words = [sys.executable, "-m", "tests.bench.kernels.one", work.name, engine, str(home), str(target)]
            ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            runs[engine].append(json.loads(ran.stdout.splitlines()[-1]))
            if repeat == 0 and engine not in (OURS, DECODING):
                check_equal(
                    work, engine, pl.read_parquet(scratch / f"{work.name}.{OURS}.parquet"), pl.read_parquet(target)
                )
        tell(f"{work.name}: " + ", ".join(f"{engine} {runs[engine][-1]['cpu']:.2f} s" for engine in engines))
    return runs


def check_equal(work: Work, engine: str, ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Raises ValueError with the first differences, cell by cell."""
    alike = theirs.select(pl.col(name).cast(kind) for name, kind in ours.schema.items())
    lines = compare.differences(alike, ours, [column.name for column in work.entry.table.keys])
    if lines:
        raise ValueError(f"{work.name}: {engine} (expected) and ours differ\n" + "\n".join(lines))


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--size", default="5M", help="events of the business: 500K, 5M, 50M")
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--repeats", type=int, default=5)
    words.add_argument("--works", help="names of works, with commas; default: all")
    words.add_argument("--folder", type=Path, default=Path("build", "bench"))
    words.add_argument("--page", type=Path, help="the page whose table is replaced")
    asked = words.parse_args()
    chosen = [works.named(name) for name in asked.works.split(",")] if asked.works else list(works.WORKS)
    missing = [engine for engine in ENGINES if importlib.util.find_spec(engine) is None]
    for engine in missing:
        tell(f"{engine} is not installed (pip install '.[bench]'): its columns stay empty")
    events = number_of(asked.size)
    home = prepared(asked.folder.absolute(), events, asked.seed)
    scratch = home.with_name(f"{home.name}.answers")
    scratch.mkdir(exist_ok=True)
    runs = {
        work.name: measured(work, [e for e in work.engines() if e not in missing], home, asked.repeats, scratch)
        for work in chosen
    }
    title = (
        f"{events:,} events, seed {asked.seed}, medians of {asked.repeats} interleaved runs. "
        "Every answer equals ours, cell by cell."
    )
    text = "\n".join(report.table(runs, chosen, title))
    print(text)
    if asked.page:
        page.replace_part(asked.page, "kernels", text.strip())


if __name__ == "__main__":
    main()
