"""The plug is pulled: before every change to a file, and between any two syncs."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.releases.business import TABLES, TWELVE, Business, passed
from tests.releases.calls import Dirt, KilledError, dead_before
from tests.releases.killing import PROCESSES, STRACE, changing_calls, kill_after, kill_before
from tests.releases.readers import READERS
from warehouse.errors import PublishConflict
from warehouse.table import Table

ONE_TABLE = {"orders_daily": TABLES["orders_daily"]}
PARTS = 4
KILLS = int(os.environ.get("HOLDFAST_KILLS", "0"))  # 200: kill at as many random moments, and before every call
SOME = 4
EVERY_HOW_MANY = 1 if KILLS else 90


def publish_again(home: Path) -> None:
    publish_october(home, ONE_TABLE)


def publish_twelve_again(home: Path) -> None:
    publish_october(home, TWELVE)


def publish_october(home: Path, tables: Mapping[str, Table]) -> None:
    business = Business(home)
    business.runs = 1
    business.publish({"2026-10": 2}, tables)


def recover_again(home: Path) -> None:
    Business(home).releases.recover()


def copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", source, target], check=True)  # hard links stay hard links


def assert_whole(home: Path, tables: Mapping[str, Table] = ONE_TABLE) -> None:
    """One of the two releases, whole, to every reader; recovered without a rest; and the next run succeeds."""
    business = Business(home)
    head = business.releases.head()
    assert head is not None
    expected = {1: [1], 2: [1, 2]}[head.number]
    for tool, read in READERS.items() if tables is TWELVE else ():
        for number in (int((home / "current").resolve().name), head.number):
            wanted = {1: [1], 2: [1, 2]}[number]
            assert read(business.releases.folder(number), tables) == dict.fromkeys(tables, wanted), tool
    assert business.read(head.number) == expected
    assert business.store.scan(head.of("metrics", "orders_daily")).collect()["date"].to_list() == expected
    business.releases.recover()
    assert sorted(path.name for path in home.glob("[!.]*")) == ["current", "data", "releases", "staging"]
    assert list(home.rglob(".*.tmp")) == []
    assert list((home / "staging").iterdir()) == []
    assert str((home / "current").readlink()) == f"releases/{head.number:08}"
    found = business.releases.inspect(deep=True)
    assert found.findings == ()
    business.runs = 5
    business.now += timedelta(days=9)
    assert business.read(business.publish({"2026-10": 3}, tables).number) == [1, 3]


def survived_deaths(home: Path, before: Path, work: Callable[[Path], object], first: int, step: int) -> int:
    """Lets the work die before every change, from the first in steps, until it comes through; how many deaths."""
    copy(home, before)
    for number in itertools.count(first, step):
        copy(before, home)
        try:
            with dead_before(number):
                work(home)
        except KilledError:
            assert_whole(home)
        else:
            assert_whole(home)
            return (number - first) // step
    raise AssertionError


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_before_any_change_a_publish_leaves_a_whole_release(
    business: Business, tmp_path: Path, part: int
) -> None:
    business.publish({"2026-09": 1}, ONE_TABLE)
    assert survived_deaths(business.home, tmp_path / "before", publish_again, part + 1, PARTS) > 10


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_before_any_change_a_recovery_is_done_again(business: Business, tmp_path: Path, part: int) -> None:
    business.publish({"2026-09": 1}, ONE_TABLE)
    business.draft({"2026-10": 2}, ONE_TABLE)
    business.stage({"2026-11": 3}, ONE_TABLE)
    assert survived_deaths(business.home, tmp_path / "before", recover_again, part + 1, PARTS) > 2


def test_kill_9_at_any_moment_leaves_a_whole_release(business: Business, tmp_path: Path) -> None:
    business.publish({"2026-09": 1}, TWELVE)
    copy(business.home, tmp_path / "before")
    killed, usual = kill_after(publish_twelve_again, business.home, seconds=60)
    assert not killed
    moments, hit = random.Random(9), 0
    for _ in range(KILLS or SOME):
        copy(tmp_path / "before", business.home)
        hit += kill_after(publish_twelve_again, business.home, moments.uniform(0, usual))[0]
        assert_whole(business.home, TWELVE)
    print(f"killed at {KILLS or SOME} random moments, {hit} of them before the publish was through")
    assert hit


@pytest.mark.skipif(STRACE is None, reason="strace kills a process on its way into a system call")
def test_kill_9_before_any_system_call_leaves_a_whole_release(business: Business, tmp_path: Path) -> None:
    business.publish({"2026-09": 1}, TWELVE)
    copy(business.home, tmp_path / "before")
    calls = changing_calls(publish_twelve_again, business.home, tmp_path / "log")
    names = {name for name, _ in calls}
    assert {"write", "fsync", "rename", "unlink"} <= names
    hit = 0
    for call in calls[::EVERY_HOW_MANY]:
        copy(tmp_path / "before", business.home)
        hit += kill_before(publish_twelve_again, business.home, tmp_path / "log", call)
        assert_whole(business.home, TWELVE)
    print(f"killed before {hit} of {len(calls)} calls: {', '.join(sorted(names))}")
    assert hit == len(calls[::EVERY_HOW_MANY])


@pytest.mark.parametrize("releases", [0, 1])
def test_all_of_a_release_is_synced_before_the_rename_and_its_name_after(business: Business, releases: int) -> None:
    for value in range(releases):
        business.publish({"2026-09": value})
    dirt = Dirt()
    with dirt.recorder():
        business.publish({"2026-09": 2, "2026-10": 3})
    staging = business.home / "staging"
    of_no_worth = {staging, *staging.glob("run-*"), *business.home.glob(".*lock")}
    assert dirt.at_commit is not None
    for dirty in (dirt.at_commit, dirt.paths):
        assert {path for path in dirty if f"run-{business.runs}" not in path.parts} <= of_no_worth


def race(home: Path, value: int, outcome: object) -> None:
    business = Business(home)
    business.runs = value
    candidate = business.stage({"2026-10": value}, ONE_TABLE)
    outcome.put("staged")  # type: ignore[attr-defined]
    try:
        outcome.put(business.releases.publish(candidate, passed(candidate)).number)  # type: ignore[attr-defined]
    except PublishConflict as conflict:
        outcome.put(str(conflict))  # type: ignore[attr-defined]


@pytest.mark.parametrize("publishers", [2, 4])
def test_of_several_publishers_at_once_one_wins_whole_and_the_others_say_so(
    business: Business, publishers: int
) -> None:
    business.publish({"2026-09": 1}, ONE_TABLE)
    outcomes = PROCESSES.Queue()
    racers = [PROCESSES.Process(target=race, args=(business.home, 10 + i, outcomes)) for i in range(publishers)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    said = [outcomes.get(timeout=5) for _ in range(2 * publishers)]
    numbers = [one for one in said if isinstance(one, int)]
    lost = [one for one in said if isinstance(one, str) and "nothing is published" in one]
    # One that staged after another's commit had that as its base, and comes second rightly.
    assert len(numbers) + len(lost) == publishers
    assert sorted(numbers) == business.releases.numbers()[1:]
    assert all(business.read(number)[0] == 1 and business.read(number)[1] >= 10 for number in numbers)
    assert business.releases.inspect(deep=True).whole == tuple(business.releases.numbers())
