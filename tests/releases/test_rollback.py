"""Going back: the content of an old release as a new one, and what came since waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.releases.business import Business, passed
from warehouse.collect import Keep
from warehouse.errors import StorageError, UsageError
from warehouse.manifest import Held


def held(*paths: str) -> tuple[Held, ...]:
    return tuple(Held("orders", path, f"{path}-sha") for path in paths)


def test_rollback_restores_tables_lake_and_ledger_and_holds_what_came_since(business: Business) -> None:
    first = business.publish({"2026-09": 1}, deliveries=("a.csv",))
    business.publish({"2026-09": 2}, deliveries=("a.csv", "b.csv"))
    business.publish({"2026-09": 3}, deliveries=("a.csv", "b.csv", "c.csv"))
    back = business.releases.rollback(1)
    assert (back.number, back.base, back.reason) == (4, 3, "rollback 1")
    assert (back.files, back.content_digest) == (first.files, first.content_digest)
    assert back.held == held("b.csv", "c.csv")
    assert [business.read(number) for number in (1, 2, 3, 4)] == [[1], [2], [3], [1]]
    assert str((business.home / "current").readlink()) == "releases/00000004"


def test_a_held_delivery_stays_held_until_it_is_taken(business: Business) -> None:
    business.publish({"2026-09": 1}, deliveries=("a.csv",))
    business.publish({"2026-09": 2}, deliveries=("a.csv", "b.csv", "c.csv"))
    business.releases.rollback(1)
    assert business.publish({"2026-09": 4}, deliveries=("a.csv", "d.csv")).held == held("b.csv", "c.csv")
    assert business.publish({"2026-09": 5}, deliveries=("a.csv", "b.csv", "d.csv")).held == held("c.csv")


def test_a_rollback_of_a_rollback_holds_only_what_the_target_lacks(business: Business) -> None:
    business.publish({"2026-09": 1}, deliveries=("a.csv",))
    business.publish({"2026-09": 2}, deliveries=("a.csv", "b.csv"))
    business.releases.rollback(1)
    assert business.releases.rollback(2).held == ()


def test_what_cannot_be_rolled_back_is_refused(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.publish({"2026-09": 2})
    with pytest.raises(UsageError, match="no release 9; there are 2, from 1 to 2"):
        business.releases.rollback(9)
    with pytest.raises(UsageError, match="nothing to roll back"):
        business.releases.rollback(2)
    lost = business.home / business.releases.get(1).files[0].path
    lost.unlink()
    with pytest.raises(StorageError, match=lost.name):
        business.releases.rollback(1)
    assert business.releases.numbers() == [1, 2]


def test_a_run_that_began_before_a_rollback_loses(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.publish({"2026-09": 2})
    candidate = business.stage({"2026-09": 3})
    business.releases.rollback(1)
    with pytest.raises(Exception, match="Release 3 was published while this run worked on release 2"):
        business.releases.publish(candidate, passed(candidate))


def test_what_was_published_on_a_day_stays_to_the_byte_whatever_comes_later(business: Business) -> None:
    def seen(day: str) -> dict[str, bytes]:
        found = business.releases.as_of(day)
        assert found is not None
        folder = business.releases.folder(found.number)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    days = [f"2026-11-{day:02}" for day in range(2, 7)]
    then = []
    for value, day in enumerate(days, 1):
        business.publish({"2026-09": value, "2026-10": 1})  # at noon of that day
        then.append(seen(day))
    assert len({content["orders_daily/month=2026-09/data.parquet"] for content in then}) == len(days)
    business.publish({"2026-08": 7, "2026-09": 8, "2026-10": 9})  # a backfill of everything
    for number in (2, 6, 1):
        business.now += timedelta(days=1)
        business.releases.rollback(number)
    business.releases.collect(Keep(trees=1))
    assert [seen(day) for day in days] == then
    assert business.releases.as_of("2026-12-31") == business.releases.get(9)
