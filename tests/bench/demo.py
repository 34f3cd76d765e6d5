"""The demo business as the benches of whole runs use it: made in a folder, run from raw files in a fresh process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Business:
    """The inbox in `folder`, of which any number of first runs can be made."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "holdfast.toml"

    @property
    def events(self) -> int:
        return int(json.loads((self.folder / "truth.json").read_text())["rows"]["events"]["rows"])

    def first_run(self, shards: int, limit: int | None = None) -> dict[str, Any]:
        """What `measured` tells of a run that finds no release; `limit` bytes of memory are all it can get.

        Raises CalledProcessError where it does not come to its end, as when it needs more.
        """
        for name in ("warehouse", ".dagster"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.config.write_text(re.sub(r"(?m)^shards = \d+", f"shards = {shards}", self.config.read_text()))
        with memory_group(limit) as join:
            words = [*join, sys.executable, "-m", "tests.bench.measured", str(self.config)]
            told = subprocess.run(
                words, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | {"HOLDFAST_BENCH_DETAIL": "1"}
            ).stdout
        found: dict[str, Any] = json.loads(told.splitlines()[-1])
        return found


def make(folder: Path, customers: int, days: int, seed: int = 7) -> Business:
    """The business in a folder made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    size = ["--customers", str(customers), "--days", str(days), "--seed", str(seed)]
    subprocess.run([sys.executable, "-m", "pipelines.cli", "demo", str(folder), *size], check=True, stdout=sys.stderr)
    return Business(folder)


@contextmanager
def memory_group(limit: int | None) -> Iterator[list[str]]:
    """The words before a command that put it into a control group of so many bytes; none without a limit.

    The group counts what is resident and the cached pages that the kernel could not drop. Needs the right to make
    groups: OSError without it.
    """
    if limit is None:
        yield []
        return
    is_unified = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if is_unified else GROUPS / "memory") / f"holdfast-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / ("memory.max" if is_unified else "memory.limit_in_bytes")).write_text(str(limit))
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        group.rmdir()
