"""The only place that knows how the product is run on a world, and the comparison of its release with the oracle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.oracle import compare, oracle, rawfiles
from tests.oracle.worlds import World

ROOT = Path(__file__).resolve().parents[2]


def build_world(folder: Path, world: World) -> Path:
    """Runs the product on the raw files in a folder and returns the release's folder."""
    command = [sys.executable, "-m", "pipelines.cli", "run", "--config", str(folder / "holdfast.toml")]
    if world.date is not None:
        command += ["--date", world.date.isoformat()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return (folder / "warehouse" / "current").resolve()


def problems(world: World, folder: Path) -> list[str]:
    """Every table of the release against the oracle's, in an empty folder; readable lines, none where all is equal."""
    rawfiles.write(world, folder)
    release = build_world(folder, world)
    answers = oracle.answer(world)
    lines = [
        f"{name}: released, but no source feeds it"
        for name in oracle.GRAIN
        if name not in answers and (release / name).exists()
    ]
    for name, expected in answers.items():
        got = compare.released(release, name)
        if got is not None:
            lines += [f"{name}: {line}" for line in compare.differences(expected, got, oracle.keys(name))]
        elif expected.height:
            lines.append(f"{name}: not in the release; {expected.height} rows expected")
    return lines
