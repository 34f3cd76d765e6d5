"""A warehouse whose run is killed with SIGKILL at a random moment, again and again, from the same state before.

`by_command` is the whole road, in a process forked from one that has everything loaded; `by_steps` are the same steps
without Dagster and Great Expectations, for the test that every machine runs.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines import steps
from pipelines.asked import Asked
from pipelines.days import first_day_of_data
from pipelines.workspace import Workspace
from quality import gate
from quality.verdict import Result, Verdict
from warehouse import catalog, config
from warehouse.candidate import Candidate
from warehouse.draft import Draft
from warehouse.locks import RunLock
from warehouse.manifest import Manifest
from warehouse.recover import data_files, referenced
from warehouse.releases import Releases
from warehouse.store import Store

PROCESSES = multiprocessing.get_context("forkserver")
Command = Callable[[Path, str], None]
AGAIN = (date(2026, 1, 20), date(2026, 12, 31))
PASSED = Result("rows", "orders_daily", None, "critical", True, "1", ">= 1", "There are rows.")


def by_command(folder: Path, words: str) -> None:
    """`holdfast run` or `holdfast backfill --from DAY`, quietly."""
    from pipelines.cli import main

    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        code = main([*words.split(), "--config", str(folder / "holdfast.toml")])
    assert code == 0, code


def by_steps(folder: Path, words: str) -> None:
    """The steps of the main job one after another, and a gate that lets all pass."""
    settings = config.load(folder / "holdfast.toml")
    asked = Asked(again=AGAIN) if words.startswith("backfill") else Asked()
    tables = catalog.load().for_sources(settings.sources)
    releases = Releases(settings.home)
    gate.judge = _pass  # in a process of its own
    with RunLock(settings.home) as lock:
        releases.recover(held=lock)
        draft = Draft.open_or_create(settings.home, f"run-{os.getpid()}", releases.head())
        workspace = Workspace(settings, tables, Store(settings.home), draft, releases, lambda line: None)
        for source in tables.sources.values():
            steps.make(workspace, source.table, asked, date.max)
        first = first_day_of_data(workspace) or date.max
        for entry in (*tables.states.values(), *tables.metrics.values()):
            steps.make(workspace, entry.table, asked, first if releases.head() is None else date.max)
        steps.audit(workspace, asked)
        steps.publish(workspace)
        releases.recover(held=lock)


def _pass(candidate: Candidate, **_: object) -> Verdict:
    return Verdict.of(candidate.digest, [PASSED], "2026-11-01T00:00:00+00:00")


@dataclass
class Trials:
    """`folder` holds the warehouse and an inbox with something new; each trial begins from a copy of that."""

    folder: Path
    command: Command
    seed: int

    def __post_init__(self) -> None:
        self._before = self.folder.with_name(f"{self.folder.name}.before")
        self._dice = random.Random(self.seed)
        _copy(self.folder, self._before)
        began = time.monotonic()
        run_apart(self.command, self.folder, "run")
        self.seconds = time.monotonic() - began
        self.expected = contents(self.folder)

    def trial(self, words: str) -> list[str]:
        """One kill at work and the next run: what is then not as after an undisturbed run."""
        while not self._killed_at_work(words):
            pass
        run_apart(self.command, self.folder, "run")
        return [*differences(self.expected, contents(self.folder)), *_left_over(self.folder)]

    def _killed_at_work(self, words: str) -> bool:
        """Whether the kill came before the end; if not, the machine is quicker now, and the next one comes sooner."""
        _copy(self._before, self.folder)
        began = time.monotonic()
        process = _start(self.command, self.folder, words)
        process.join(self._dice.uniform(0, self.seconds))
        was_at_work = process.is_alive()
        process.kill()
        process.join()
        if not was_at_work:
            self.seconds = time.monotonic() - began
        return was_at_work


def run_apart(command: Command, folder: Path, words: str) -> None:
    """The command in a process of its own, to its end."""
    process = _start(command, folder, words)
    process.join()
    assert process.exitcode == 0, (words, process.exitcode)


def _start(command: Command, folder: Path, words: str) -> multiprocessing.process.BaseProcess:
    process = PROCESSES.Process(target=command, args=(folder, words))
    process.start()
    return process


def contents(folder: Path) -> dict[str, object]:
    """What the newest release holds, by place: digests, and of the ledger its lines without the moment of taking."""
    releases = Releases(folder / "warehouse")
    head = releases.head()
    assert head is not None
    found: dict[str, object] = {
        f"{f.layer}/{f.table}/{f.partition}": f.sha256 for f in head.files if f.layer != "ledger"
    }
    return found | {"ledger": _ledger(releases.home, head), "watermark": head.watermark}


def differences(expected: dict[str, object], found: dict[str, object]) -> list[str]:
    return sorted(place for place in expected.keys() | found.keys() if expected.get(place) != found.get(place))


def _ledger(home: Path, head: Manifest) -> list[tuple[object, ...]]:
    lines = Store(home).scan(head.of("ledger", "files")).drop("taken_at", "mtime_ns").sort("source", "path")
    return lines.collect().rows()


def _left_over(folder: Path) -> list[str]:
    home = folder / "warehouse"
    known = set(data_files(home))
    lost = [f"{path} belongs to nobody" for path in sorted(known - referenced(home, known))]
    staged = [f"staging/{path.name} is left" for path in (home / "staging").iterdir()]
    unsound = [f"{one.path} {one.problem}" for one in Releases(home).inspect(deep=True).findings]
    return [*lost, *staged, *unsound]


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", source, target], check=True)  # hard links stay hard links
