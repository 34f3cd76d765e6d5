"""One run on a business, a process of its own, done several times from what was before: the middle one is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.deliveries import Business


@dataclass(frozen=True)
class Measured:
    """One run: what it is called, what it told of itself, and the work of all the times that it was done, ascending."""

    name: str
    told: dict[str, Any]
    every_work: tuple[float, ...]

    @property
    def cpu(self) -> float:
        return float(self.told["total"]["cpu"])

    @property
    def work(self) -> float:
        """What its CPU was good for, whatever the pace of the machine."""
        return work_of(self.told)

    @property
    def bytes(self) -> float:
        return float(self.told["total"]["bytes"])


def work_of(told: Mapping[str, Any]) -> float:
    return float(told["total"]["cpu"] * told["pace"])


def run(business: Business, name: str, *days: date, times: int = 1) -> Measured:
    """One run on what is in the inbox; of these days again, if there are some. Of several times the middle one."""
    found = [_once(business, name, *days) for _ in _as_it_is(business.folder, times)]
    found.sort(key=work_of)
    return Measured(name, found[len(found) // 2], tuple(map(work_of, found)))


def _as_it_is(folder: Path, times: int) -> Iterator[int]:
    """So many times, the folder being each time what it is now."""
    before = folder.with_name(f"{folder.name}.before")
    if times > 1:
        shutil.rmtree(before, ignore_errors=True)
        subprocess.run(["cp", "-a", folder, before], check=True)  # hard links stay hard links
    for number in range(times):
        if number:
            shutil.rmtree(folder)
            subprocess.run(["cp", "-a", before, folder], check=True)
        yield number
    shutil.rmtree(before, ignore_errors=True)


def _once(business: Business, name: str, *days: date) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.bench.measured", str(business.config), *map(str, days)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    cost = f"{told['total']['cpu']:.1f} s CPU at {told['pace']:.0f}, {told['total']['bytes'] / 1e6:,.0f} MB"
    print(f"{name}: {cost}", file=sys.stderr)
    return told
