"""Runs the main job once in this process and prints what each stage cost, as one line of JSON.

    python -m tests.bench.measured CONFIG [FIRST_DAY LAST_DAY]

With two days it is a backfill. CPU is that of all threads and children. Bytes are those the process asked the kernel
to read (`rchar`), so nothing read is left out, whoever reads it. Imports are counted apart. The peak is that of the
process's own resident memory.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.pace import Pace
from warehouse.table import Table

Cost = dict[str, float]
# What Dagster and the steps of a run import only when they come to it.
LATE = (
    "duckdb",
    "dagster._core.asset_graph_view.bfs",
    "dagster._core.debug",
    "dagster._core.execution.asset_backfill",
    "dagster._core.execution.execute_in_process",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.instance.runs",
    "dagster._core.secrets",
    "dagster._core.secrets.env_file",
    "dagster._core.storage.legacy_storage",
    "dagster._core.storage.migration.utils",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.runs",
    "dagster._core.storage.schedules",
    "pipelines.intake",
    "pyarrow.pandas_compat",
    "upath.implementations.local",
)


def spent() -> Cost:
    """What this process has used up so far: CPU seconds, seconds on the clock and bytes read."""
    times = os.times()
    read = Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0]
    cpu = times.user + times.system + times.children_user + times.children_system
    return {"cpu": cpu, "seconds": time.monotonic(), "bytes": int(read)}


def peak() -> int:
    """The most bytes of memory that were resident at once. (ru_maxrss would begin with the parent's.)"""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024


class Account:
    """Adds up what is spent inside each stage."""

    def __init__(self) -> None:
        self.stages: dict[str, Cost] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        before = spent()
        try:
            yield
        finally:
            total = self.stages.setdefault(name, dict.fromkeys(before, 0.0))
            for key, value in spent().items():
                total[key] += value - before[key]

    def wrap(self, owner: Any, name: str, stage_of: Callable[..., str]) -> None:  # noqa: ANN401 (a module or class)
        original = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            with self.stage(stage_of(*given)):
                return original(*given, **named)

        setattr(owner, name, counted)


def main(arguments: list[str]) -> None:
    import_started = spent()
    from pipelines import graph, instance, jobs, progress, run, steps, summary  # noqa: F401 (all that a run imports)
    from pipelines.asked import Asked
    from quality import expectations, gate
    from warehouse import catalog, config

    expectations.load()
    catalog.load()
    for name in LATE:
        importlib.import_module(name)
    imports = _between(import_started, spent())
    account = Account()
    account.wrap(steps, "make", lambda _, table, *__: _stage_of(table))
    account.wrap(steps, "audit", lambda *_: "audit")
    gate_only = Account()
    gate_only.wrap(gate, "judge", lambda *_: "gate")
    account.wrap(steps, "publish", lambda *_: "publish")
    settings = config.load(Path(arguments[0]))
    again = (date.fromisoformat(arguments[1]), date.fromisoformat(arguments[2])) if arguments[1:] else None
    before = spent()
    with Pace() as pace, contextlib.redirect_stderr(io.StringIO()):
        outcome = run.run(settings, Asked(again=again))
    total = _between(before, spent())
    staged = {key: sum(one[key] for one in account.stages.values()) for key in total}
    account.stages["the rest"] = {key: total[key] - staged[key] for key in total}
    told = {
        "release": outcome.release.number if outcome else None,
        "first_day": outcome.release.first_day if outcome else None,
        "imports": imports,
        "stages": account.stages,
        # A run that ends as the head's content has the head's verdict: nothing is judged.
        "gate": gate_only.stages.get("gate", dict.fromkeys(total, 0.0)),
        "total": total,
        "pace": pace.rate,
        "peak": peak(),
    }
    print(json.dumps(told))


def _stage_of(table: Table) -> str:
    detailed = os.environ.get("HOLDFAST_BENCH_DETAIL")
    return f"{table.layer}.{table.name}" if detailed else table.layer


def _between(before: Cost, after: Cost) -> Cost:
    return {key: after[key] - before[key] for key in before}


if __name__ == "__main__":
    main(sys.argv[1:])
