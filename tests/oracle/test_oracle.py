"""Random worlds, run through the product and compared with the oracle cell by cell.

HOLDFAST_WORLDS sets their number (default 25), HOLDFAST_WORLDS_FROM the first seed: a failing test names its seed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracle import compare, oracle, rawfiles, worlds

ROOT = Path(__file__).resolve().parents[2]
FIRST = int(os.environ.get("HOLDFAST_WORLDS_FROM", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("HOLDFAST_WORLDS", "25")))


def build_world(world: worlds.World, folder: Path) -> Path:
    """Writes the world's raw files to a folder, runs the product on them and returns the release's folder."""
    config = rawfiles.write(world, folder)
    command = [sys.executable, "-m", "pipelines.cli", "run", "--config", str(config)]
    if world.date is not None:
        command += ["--date", world.date.isoformat()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return (folder / "warehouse" / "current").resolve()


@pytest.mark.skipif(not (ROOT / "pipelines" / "cli.py").exists(), reason="there is no command line to run yet")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_world_equals_the_oracle(seed: int, tmp_path: Path) -> None:
    world = worlds.world(seed)
    release = build_world(world, tmp_path)
    wrong: list[str] = []
    for table, expected in oracle.answer(world).items():
        got = compare.released(release, table)
        if got is not None:
            wrong += [f"{table}: {line}" for line in compare.differences(expected, got, oracle.keys(table))]
        elif (release / table).exists() or expected.height:
            wrong.append(f"{table}: not in the release; {expected.height} rows expected")
    assert not wrong, "\n".join([f"world {seed} ({tmp_path})", *wrong])
