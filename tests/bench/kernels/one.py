"""Runs one work in one engine once, in this process, and prints what it cost as a line of JSON.

    python -m tests.bench.kernels.one WORK ENGINE HOME ANSWER

CPU is that of all threads, memory the most that was resident. Imports and the engine's own start are not counted as
time. The answer is written as Parquet, after the measuring.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from tests.bench.kernels import baselines, product, works
from tests.bench.kernels.works import DECODING, OURS, Work
from tests.bench.measured import peak


def answer_of(work: Work, engine: str, home: Path, scratch: Path) -> Callable[[], pl.DataFrame]:
    """What makes the answer, with the engine started."""
    if engine == OURS:
        shards = product.parts(work, home, scratch)
        return lambda: product.answer(work, shards)
    if engine == DECODING:
        return lambda: product.decoded(work, home)
    importlib.import_module(engine).query("SELECT 1")
    return lambda: baselines.answer(engine, work, home)


def main(name: str, engine: str, home: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        make = answer_of(works.named(name), engine, home, Path(scratch))
        began, before = time.monotonic(), time.process_time()
        rows = make()
        cpu, wall = time.process_time() - before, time.monotonic() - began
    used = peak() / 2**20
    rows.write_parquet(target)
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": used, "rows": rows.height}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
