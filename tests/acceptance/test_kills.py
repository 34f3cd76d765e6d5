"""kill -9 in the middle of a run or a backfill: the next run ends as if nothing had happened.

HOLDFAST_KILLS=50 kills the whole command that often, on a small demo; without it the steps of a shop, three times.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from tests.acceptance import road
from tests.acceptance.kills import PROCESSES, Trials, by_command, by_steps, run_apart
from tests.properties import stream

KILLS = int(os.environ.get("HOLDFAST_KILLS", "0"))
SEED = int(os.environ.get("HOLDFAST_KILLS_SEED", "5"))
WORDS = ("run", "backfill --from 2026-09-20")


def _shop(folder: Path) -> Trials:
    """A shop with a release, and a week that came since."""
    stream.configure(folder)
    rows, last = stream.rows(60, seed=4), stream.FIRST_DAY + timedelta(days=53)
    stream.write(folder, "before", [one for one in rows if one.on < last])
    PROCESSES.set_forkserver_preload(["tests.acceptance.kills"])
    run_apart(by_steps, folder, "run")
    stream.write(folder, "since", [one for one in rows if one.on >= last])
    return Trials(folder, by_steps, SEED)


def _business(folder: Path) -> Trials:
    """A demo with a release, and new files of two sources that touch two months."""
    config = road.make(folder)
    PROCESSES.set_forkserver_preload(["tests.acceptance.kills", "tests.acceptance.loaded"])
    run_apart(by_command, folder, "run")
    road.deliver_orders(config, "late", "2026-09-28")
    road.deliver_orders(config, "new", "2026-11-02")
    events = sorted((folder / "inbox" / "events").iterdir())[-1]
    events.with_name("2026-11.parquet").write_bytes(events.read_bytes())
    return Trials(folder, by_command, SEED)


def test_a_run_that_was_killed_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    trials = _business(tmp_path / "business") if KILLS else _shop(tmp_path / "shop")
    outcomes = []
    for number in range(KILLS or 3):
        outcomes.append(trials.trial(WORDS[number % 2]))
        print(f"{number + 1}: {WORDS[number % 2]}, {outcomes[-1]}", flush=True)
    assert [found for found in outcomes if found] == []
