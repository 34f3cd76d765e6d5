"""What a collection keeps, removes, and can make again."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from tests.releases.business import Business
from warehouse.collect import Keep
from warehouse.errors import UsageError

ALL_BUT_TWO = Keep(releases=2, days=0, trees=2, grace_hours=24)


def data_files(business: Business) -> int:
    return len(list((business.home / "data").rglob("*.parquet")))


def test_old_releases_expire_first_and_are_removed_after_the_grace(business: Business) -> None:
    for value in range(1, 6):
        business.publish({"2026-09": value})
    collected = business.releases.collect(ALL_BUT_TWO)
    assert (collected.expired, collected.removed, collected.swept.files) == ((1, 2, 3), (), 0)
    assert business.releases.numbers() == [4, 5]
    assert data_files(business) == 10
    business.now += timedelta(hours=25)
    collected = business.releases.collect(ALL_BUT_TWO)
    assert (collected.expired, collected.removed, collected.swept.files) == ((), (1, 2, 3), 6)
    assert data_files(business) == 4
    assert [business.read(number) for number in (4, 5)] == [[4], [5]]


def test_a_shared_file_outlives_the_releases_that_share_it(business: Business) -> None:
    for value in range(1, 6):
        business.publish({"2026-09": 0, "2026-10": value})
    for _ in range(2):
        business.releases.collect(ALL_BUT_TWO)
        business.now += timedelta(hours=25)
    assert business.read(5) == [0, 5]
    assert business.releases.inspect(deep=True).findings == ()


def test_young_and_tagged_releases_stay(business: Business) -> None:
    for value in range(1, 6):
        business.publish({"2026-09": value})  # one each day
    business.releases.tag("board-2026", 2)
    business.now += timedelta(hours=1)
    collected = business.releases.collect(Keep(releases=1, days=2, trees=1, grace_hours=0))
    assert collected.expired == (1, 3)
    assert business.releases.numbers() == [2, 4, 5]
    assert (business.home / "tags/board-2026/orders_daily").is_dir()


def test_a_dropped_tree_comes_back_when_asked_for_and_the_database_never_went(business: Business) -> None:
    for value in (1, 2, 3):
        business.publish({"2026-09": value})
    assert business.releases.collect(Keep(trees=1)).trees == (1, 2)
    folder = business.home / "releases/00000001"
    assert sorted(path.name for path in folder.iterdir()) == ["_manifest.json", "warehouse.duckdb"]
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("SELECT date FROM orders_daily").fetchall() == [(1,)]
    assert business.read(1) == [1]
    assert business.releases.inspect(deep=True).findings == ()


def test_a_time_whose_release_is_gone_is_not_answered_with_another(business: Business) -> None:
    for value in range(1, 6):
        business.publish({"2026-09": value})  # 2 to 6 November
    business.releases.tag("first", 1)
    business.releases.collect(ALL_BUT_TWO)
    found = {day: business.releases.as_of(f"2026-11-{day:02}") for day in (1, 2, 5, 6)}
    assert {day: release and release.number for day, release in found.items()} == {1: None, 2: 1, 5: 4, 6: 5}
    for day in (3, 4):
        with pytest.raises(UsageError, match=f"Release {day - 1}, the newest at that time, has been collected"):
            business.releases.as_of(f"2026-11-{day:02}")


def test_tags_are_kept_and_checked(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.publish({"2026-09": 2})
    business.releases.tag("q3", 1)
    business.releases.tag("q3", 1)
    assert business.releases.tags() == {"q3": 1}
    with pytest.raises(UsageError, match="is on release 1"):
        business.releases.tag("q3", 2)
    with pytest.raises(UsageError, match="no release 7"):
        business.releases.tag("q4", 7)
    business.releases.untag("q3")
    assert business.releases.tags() == {}
    with pytest.raises(UsageError, match="There is no tag q3; there are: none"):
        business.releases.untag("q3")
