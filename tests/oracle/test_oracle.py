"""Random worlds, and the kept ones, run through the product and compared with the oracle cell by cell.

HOLDFAST_WORLDS sets the number of random ones (default 25), HOLDFAST_WORLDS_FROM the first seed. A failing test names
its seed; `python -m tests.oracle.shrink SEED` makes it small and keeps it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.oracle import kept, worlds
from tests.oracle.product import ROOT, problems

FIRST = int(os.environ.get("HOLDFAST_WORLDS_FROM", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("HOLDFAST_WORLDS", "25")))
KEPT = sorted(kept.FOLDER.glob("*.json"))
RUNNABLE = pytest.mark.skipif(not (ROOT / "pipelines" / "ingest.py").exists(), reason="there is no product to run yet")


@RUNNABLE
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_world_equals_the_oracle(seed: int, tmp_path: Path) -> None:
    assert problems(worlds.world(seed), tmp_path) == []


@RUNNABLE
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_world_equals_the_oracle(path: Path, tmp_path: Path) -> None:
    assert problems(kept.read(path), tmp_path) == []


def test_a_world_survives_being_kept(tmp_path: Path) -> None:
    world = worlds.world(11)
    kept.write(world, tmp_path / "w.json")
    assert kept.read(tmp_path / "w.json") == world
