"""Runs one work in one engine once, in this process, and prints what it cost as a line of JSON.

    python -m tests.bench.intake.one WORK ENGINE HOME TARGET

CPU is that of all threads, memory the most that was resident. Imports and the engine's own start are not counted as
time.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.bench.intake import works
from tests.bench.measured import peak, spent


def main(name: str, engine: str, home: Path, target: Path) -> None:
    # What the first use of ours imports.
    from pipelines import intake  # noqa: F401

    run = works.named(name).run[engine](home, target)
    began, before = time.monotonic(), spent()
    run()
    after, wall = spent(), time.monotonic() - began
    cost = {
        "cpu": after["cpu"] - before["cpu"],
        "wall": wall,
        "peak": peak(),
        "bytes": after["bytes"] - before["bytes"],
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
