"""Machines that share nothing but the store: they race, and they die."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.releases.business import TABLES, Business, passed
from tests.remote.buckets import Shop
from warehouse import commit, remote_commit
from warehouse.collect import Keep
from warehouse.errors import PublishConflict
from warehouse.remote import Remote

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.releases.business", "warehouse.store", "warehouse.pull", "duckdb"])
ONE_TABLE = {"orders_daily": TABLES["orders_daily"]}
KEEP = Keep(grace_hours=0)


def reached(shop: Shop) -> dict[str, str]:
    """The environment a process of another machine needs."""
    assert shop.remote.items("releases") is not None
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def race(environment: dict[str, str], home: Path, value: int, ready: Any, outcome: Any) -> None:  # noqa: ANN401
    os.environ.update(environment)
    business = Business(home)
    business.runs = value
    candidate = business.stage({"2026-10": value}, ONE_TABLE)
    ready.wait()
    try:
        business.releases.publish(candidate, passed(candidate))
        outcome.put((value, 0))
    except PublishConflict as conflict:
        outcome.put((value, conflict.exit_code))


def test_of_two_machines_that_publish_at_once_one_wins_and_the_other_continues_from_it(shop: Shop) -> None:
    shop.machine("one").publish({"2026-09": 1}, ONE_TABLE)
    machines = {10: shop.machine("one"), 20: shop.machine("two")}
    ready, outcomes = PROCESSES.Barrier(2), PROCESSES.Queue()
    racers = [
        PROCESSES.Process(target=race, args=(reached(shop), business.home, value, ready, outcomes))
        for value, business in machines.items()
    ]
    for racer in racers:
        racer.start()
    said = dict(outcomes.get(timeout=60) for _ in racers)
    for racer in racers:
        racer.join()
    assert sorted(said.values()) == [0, 4]
    winner, loser = sorted(said, key=lambda value: said[value])
    assert shop.keys("releases") == [f"releases/0000000{number}/_manifest.json" for number in (1, 2)]
    name = "one" if loser == 10 else "two"
    assert machines[loser].releases.numbers() == [1]
    assert shop.machine(name).publish({"2026-11": loser}, ONE_TABLE).base == 2
    assert shop.machine("three").read(3) == [1, winner, loser]


def publish_slowly(environment: dict[str, str], home: Path, uploading: Any) -> None:  # noqa: ANN401
    """Uploads one file after the other, and tells of each."""
    os.environ.update(environment)

    def upload(remote: Remote, key: str, path: Path) -> None:
        uploading.set()
        time.sleep(0.1)
        remote.replace(key, path.read_bytes())

    Remote.upload = upload  # type: ignore[method-assign]
    business = Business(home)
    business.runs = 50
    business.publish({f"2026-{month:02}": month for month in range(1, 13)})


def test_killed_while_uploading_a_run_leaves_only_what_nobody_lists(shop: Shop) -> None:
    one = shop.machine("one")
    first = one.publish({"2026-01": 100})
    uploading = PROCESSES.Event()
    process = PROCESSES.Process(target=publish_slowly, args=(reached(shop), one.home, uploading))
    process.start()
    assert uploading.wait(60)
    while len(shop.keys("data")) < len(first.files) + 3:
        time.sleep(0.005)
    process.kill()
    process.join()
    assert shop.machine("two").releases.numbers() == [1]
    assert shop.machine("two").read(1) == [100]
    one = shop.machine("one")
    assert list((one.home / "staging").iterdir()) == []
    second = one.publish({"2026-02": 2})
    assert (second.number, one.read(2)) == (2, [100, 2])
    left = set(shop.keys("data")) - {file.path for file in (*first.files, *second.files)}
    assert len(left) >= 3
    assert one.releases.inspect(deep=True).findings == ()
    assert one.releases.collect().swept.files == 0
    assert one.releases.collect(KEEP).swept.files == len(left)
    assert set(shop.keys("data")) == {file.path for file in (*first.files, *second.files)}
    assert shop.machine("two").read(2) == [100, 2]


class DiedError(BaseException):
    """Stands for the end of the process."""


STEPS = {
    "upload": (remote_commit.transfers, "upload"),
    "create": (Remote, "create"),
    "rename": (commit, "_rename"),
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_dead_at_any_step_of_the_commit_the_next_run_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    one = shop.machine("one")
    one.publish({"2026-09": 1}, ONE_TABLE)
    candidate = one.stage({"2026-10": 2}, ONE_TABLE)
    owner, name = STEPS[step]
    real = getattr(owner, name)

    def dying(*arguments: object) -> None:
        if moment == "after":
            real(*arguments)
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(DiedError):
            one.releases.publish(candidate, passed(candidate))
    is_published = step == "rename" or (step, moment) == ("create", "after")
    assert shop.machine("two").releases.numbers() == ([1, 2] if is_published else [1])
    one = shop.machine("one")
    assert one.releases.numbers() == ([1, 2] if is_published else [1])
    assert list((one.home / "staging").iterdir()) == []
    again = one.publish({"2026-10": 3}, ONE_TABLE)
    assert shop.machine("two").read(again.number) == [1, 3]
    assert one.releases.inspect(deep=True).findings == ()
