"""Late rows of a month lie apart from it: the month is written again only where a row of it counts otherwise."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest

from assets.sources import events
from tests.ingest.shop import Shop
from warehouse.manifest import DataFile

EVENTS = '[warehouse]\nshards = 2\n[sources.events]\npath = "inbox/*"\n'
HEADER = "event_id,user_id,occurred_at,event_name\n"
FILES = {
    # u1 is of shard 0 of two, u4 of shard 1.
    "april.csv": HEADER + "1,u1,2024-04-02,login\n2,u4,2024-04-03,login\n",
    # 3 is late by one month, 4 by two.
    "may.csv": HEADER + "3,u1,2024-04-30,login\n4,u1,2024-03-31,login\n5,u1,2024-05-01,login\n",
    # 1 comes once more, late and another; 6 is late beside 3.
    "june.csv": HEADER + "1,u1,2024-04-02,logout\n6,u1,2024-04-29,login\n7,u4,2024-06-01,login\n",
}
MONTHS = {
    "shard=00/month=2024-04": ["1"],
    "shard=00/month=2024-05": ["5"],
    "shard=00/rows=late/month=2024-03": ["4"],
    "shard=00/rows=late/month=2024-04": ["1", "3", "6"],
    "shard=01/month=2024-04": ["2"],
    "shard=01/month=2024-06": ["7"],
}


def _files(made: Shop) -> dict[str, DataFile]:
    assert made.draft is not None
    return dict(made.draft.files("sources", "events"))


def _ids(made: Shop) -> dict[str, list[str]]:
    return {name: pl.read_parquet(made.store.path(file))["event_id"].to_list() for name, file in _files(made).items()}


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)))
@pytest.mark.parametrize("runs", [1, 3])
def test_where_a_row_lies_follows_from_its_file(tmp_path: Path, order: tuple[str, ...], runs: int) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver_all(FILES, order, runs)
    assert {name: sorted(ids) for name, ids in _ids(made).items()} == MONTHS
    assert made.notes("events")["newest_day"] == "2024-06-01"
    types = made.lake("events").sort("event_id").select("event_id", "event_name").rows()
    # Of the two versions of 1 the one in the file with the higher name counts.
    assert types == [("1", "logout"), *((number, "login") for number in "234567")]
    (tmp_path / "at once").mkdir()
    at_once = Shop(tmp_path / "at once", EVENTS)
    at_once.deliver_all(FILES, FILES)
    assert {name: file.sha256 for name, file in _files(made).items()} == {
        name: file.sha256 for name, file in _files(at_once).items()
    }


def test_a_month_keeps_its_file_when_late_rows_come(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver("april.csv", FILES["april.csv"])
    made.take_in()
    own = _files(made)
    made.deliver("may.csv", FILES["may.csv"])
    made.take_in()
    late = _files(made)
    assert own.items() <= late.items()
    made.deliver("june.csv", FILES["june.csv"])
    made.take_in()
    changed = {name for name, file in _files(made).items() if late.get(name) != file}
    # Of shard 0 April is written again, as 1 does not count any more.
    assert changed == {"shard=00/month=2024-04", "shard=00/rows=late/month=2024-04", "shard=01/month=2024-06"}


def test_late_rows_without_an_id_meet_their_like(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver("april.csv", HEADER + ",u1,2024-04-02,login\n,u1,2024-04-03,login\n")
    made.deliver("may.csv", HEADER + ",u1,2024-04-02,login\n,u1,2024-05-01,login\n")
    made.take_in()
    assert set(_files(made)) == {"shard=00/month=2024-04", "shard=00/month=2024-05"}
    days = made.lake("events")["day"].dt.day().sort().to_list()
    assert days == [1, 2, 3]


def test_a_file_that_leaves_takes_its_late_rows_along(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver_all(FILES, FILES)
    made.deliver("may.csv", HEADER + "5,u1,2024-05-01,login\n8,u4,2024-04-30,login\n")
    made.take_in()
    found = {name: sorted(ids) for name, ids in _ids(made).items()}
    assert "shard=00/rows=late/month=2024-03" not in found
    assert found["shard=00/rows=late/month=2024-04"] == ["1", "6"]
    assert found["shard=01/rows=late/month=2024-04"] == ["8"]


def test_a_day_of_many_rows_has_only_its_part_of_the_month_written_again(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver(
        "a.csv", HEADER + "1,u1,2024-04-10,login\n2,u1,2024-04-11,login\n3,u1,2024-04-20,login\n,u1,2024-04-20,x\n"
    )
    made.take_in()
    before = _files(made)
    # An event without an id lies in the month's own partition, where its like may lie from before there were parts.
    assert _ids(made) == {"shard=00/month=2024-04": ["1", None], "shard=00/days=11/month=2024-04": ["2", "3"]}
    made.deliver("b.csv", HEADER + "4,u1,2024-04-21,login\n5,u1,2024-04-30,login\n3,u1,2024-04-22,login\n")
    made.take_in()
    after = _files(made)
    assert _ids(made) == _ids(made) | {"shard=00/days=21/month=2024-04": ["4", "3", "5"]}
    # 3 has moved to another part, where its later version is.
    assert {name for name in after if before.get(name) != after[name]} == {
        "shard=00/days=11/month=2024-04",
        "shard=00/days=21/month=2024-04",
    }
    days = made.lake("events").sort("event_id").select("event_id", pl.col("day").dt.day()).rows()
    assert days == [(None, 20), ("1", 10), ("2", 11), ("3", 22), ("4", 21), ("5", 30)]


def test_a_file_of_a_month_lies_in_one_part(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    made.deliver("a.csv", HEADER + "".join(f"{day},u1,2024-04-{day:02},login\n" for day in range(1, 31)))
    made.take_in()
    assert set(_files(made)) == {"shard=00/month=2024-04"}


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)))
def test_parts_are_taken_up_by_a_warehouse_without(
    tmp_path: Path, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {
        "days.csv": HEADER
        + "10,u1,2024-04-20,login\n11,u1,2024-04-21,login\n12,u4,2024-04-22,login\n,u4,2024-04-22,x\n",
        "april.csv": FILES["april.csv"] + "9,u1,2024-04-11,login\n,u1,2024-04-25,login\n",
        "may.csv": FILES["may.csv"] + "9,u1,2024-05-22,logout\n8,u4,2024-05-21,login\n",
        "june.csv": FILES["june.csv"] + "8,u4,2024-06-11,logout\n,u4,2024-06-30,login\n",
    }
    first, *others = order[0], "days.csv", *order[1:]
    made = Shop(tmp_path, EVENTS)
    monkeypatch.setattr(events, "IN_PARTS", False)
    made.deliver(first, more[first])
    made.take_in()
    monkeypatch.setattr(events, "IN_PARTS", True)
    for name in others:
        made.deliver(name, more[name])
        made.take_in()
    # The same event once more, and a file that leaves the parts it had rows in.
    made.deliver("april.csv", more["april.csv"] + ",u1,2024-04-25,login\n")
    made.deliver("may.csv", FILES["may.csv"])
    made.take_in()
    (tmp_path / "at once").mkdir()
    at_once = Shop(tmp_path / "at once", EVENTS)
    for name, text in more.items():
        at_once.deliver(name, text)
    at_once.deliver("april.csv", more["april.csv"] + ",u1,2024-04-25,login\n")
    at_once.deliver("may.csv", FILES["may.csv"])
    at_once.take_in()
    names = ["event_id", "user_id", "day", "event_name"]
    assert made.lake("events").select(names).sort(names).equals(at_once.lake("events").select(names).sort(names))
