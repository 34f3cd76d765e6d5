"""The only place that knows how the product is run on a world, and the comparison of its tables with the oracle.

Thousands of worlds are computed in this process, without job, gate and release; `by_command` takes the whole road.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

from pipelines import build, days, ingest
from pipelines.workspace import Workspace
from tests.oracle import compare, oracle, rawfiles
from tests.oracle.worlds import World
from warehouse import catalog, config
from warehouse.draft import Draft
from warehouse.errors import SourceError
from warehouse.releases import Releases
from warehouse.store import Store

ROOT = Path(__file__).resolve().parents[2]
LONG_AFTER = date(2100, 1, 1)
Build = Callable[[Path, World], Path]


def build_world(folder: Path, world: World) -> Path:
    """Computes every table from the raw files in a folder; returns a folder with <table>/*.parquet like a release."""
    configuration = config.load(folder / "holdfast.toml")
    tables = catalog.load().for_sources(configuration.sources)
    store = Store(configuration.home)
    draft = Draft.open_or_create(configuration.home, "world", None)
    workspace = Workspace(configuration, tables, store, draft, Releases(configuration.home), lambda line: None)
    for source in configuration.sources:
        ingest.take_in(workspace, source)
    span = days.find_range(workspace, world.date, LONG_AFTER)
    for table in tables.states:
        build.build_state(workspace, table)
    for table in tables.metrics:
        build.build_metric(workspace, table, span)
        (folder / "tables" / table).mkdir(parents=True)
        for file in draft.files("metrics", table).values():
            shutil.copy(store.path(file), folder / "tables" / table)
    return folder / "tables"


def by_command(folder: Path, world: World) -> Path:
    """The same by the command line, gate and release included: the folder of the release."""
    command = [sys.executable, "-m", "pipelines.cli", "run", "--config", str(folder / "holdfast.toml")]
    if world.date is not None:
        command += ["--date", world.date.isoformat()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return (folder / "warehouse" / "current").resolve()


def segments() -> Collection[str]:
    """The segments to compare; HOLDFAST_SEGMENTS=fixed leaves out those that change in time."""
    return oracle.FIXED if os.environ.get("HOLDFAST_SEGMENTS") == "fixed" else oracle.DIMENSIONS


def problems(world: World, folder: Path, build: Build = build_world) -> list[str]:
    """Every table of the product against the oracle's, in an empty folder; readable lines, none where all is equal."""
    rawfiles.write(world, folder)
    answers = oracle.answer(world, dimensions=segments())
    try:
        tables = build(folder, world)
    except SourceError as error:
        # A business that has no complete day yet is refused: right where there is nothing to say.
        return [
            f"{name}: {expected.height} rows expected: {error}" for name, expected in answers.items() if expected.height
        ]
    extra = [name for name in oracle.GRAIN if name not in answers and (tables / name).exists()]
    lines = [f"{name}: made, but no source feeds it" for name in extra]
    for name, expected in answers.items():
        got = compare.released(tables, name)
        if got is not None:
            nothing = oracle.NOTHING.get(name, compare.NOTHING)
            found = compare.differences(expected, got, oracle.keys(name), nothing=nothing)
            lines += [f"{name}: {line}" for line in found]
        elif expected.height:
            lines.append(f"{name}: missing; {expected.height} rows expected")
    return lines
