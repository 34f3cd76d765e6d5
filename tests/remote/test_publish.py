"""Publishing in an object store: what is there then, what another machine sees, and who loses."""

from __future__ import annotations

import polars as pl
import pytest

from tests.releases.business import passed
from tests.remote.buckets import Shop
from warehouse import manifest, mirror
from warehouse.errors import PublishConflict, StorageError, UsageError


def test_a_release_in_the_store_is_its_files_and_a_manifest(shop: Shop) -> None:
    one = shop.machine()
    first = one.publish({"2026-09": 1, "2026-10": 2})
    assert shop.keys("releases") == ["releases/00000001/_manifest.json"]
    assert shop.keys("data") == sorted(file.path for file in first.files)
    assert shop.remote.read("releases/00000001/_manifest.json") == manifest.to_bytes(first)
    for file in first.files:
        assert shop.remote.read(file.path) == (one.home / file.path).read_bytes()
    assert one.read(1) == [1, 2]
    assert shop.keys("probes") == []


def test_another_machine_continues_where_the_first_ended(shop: Shop) -> None:
    shop.machine("one").publish({"2026-09": 1, "2026-10": 2})
    two = shop.machine("two")
    assert two.releases.numbers() == [1]
    assert two.read(1) == [1, 2]
    published = two.publish({"2026-10": 3})
    assert (published.number, published.base) == (2, 1)
    one = shop.machine("one")
    assert one.read(2) == [1, 3]
    assert one.read(1) == [1, 2]
    assert [release.published_at for release in one.releases.headers()] == [
        release.published_at for release in two.releases.headers()
    ]
    assert str((one.home / "current").readlink()) == "releases/00000002"


def test_only_manifests_come_until_somebody_needs_a_table(shop: Shop) -> None:
    shop.machine("one").publish({"2026-09": 1})
    shop.machine("one").publish({"2026-09": 2})
    two = shop.machine("two")
    first = two.releases.get(1)
    lake = [file for file in first.files if not (two.home / file.path).exists()]
    assert len(lake) == len(first.files)
    rows = two.store.scan(first.of("metrics", "mrr_daily")).collect()
    assert rows["date"].to_list() == [1]
    assert sum((two.home / file.path).exists() for file in first.files) == 1
    folder = two.releases.folder(1)
    assert pl.read_parquet(folder / "orders_daily/**/*.parquet", hive_partitioning=False)["date"].to_list() == [1]


def test_the_loser_of_a_race_says_so_and_then_begins_from_the_winner(shop: Shop) -> None:
    shop.machine("one").publish({"2026-09": 1})
    one, two = shop.machine("one"), shop.machine("two")
    mine, theirs = one.stage({"2026-10": 10}), two.stage({"2026-10": 20})
    two.releases.publish(theirs, passed(theirs))
    with pytest.raises(
        PublishConflict, match=r"Release 2 was published in s3://\S+ while this run worked on release 1"
    ):
        one.releases.publish(mine, passed(mine))
    assert PublishConflict.exit_code == 4
    assert one.releases.numbers() == [1]
    assert shop.keys("data") == sorted({file.path for n in (1, 2) for file in two.releases.get(n).files})
    again = shop.machine("one").publish({"2026-11": 30})
    assert (again.number, shop.machine("two").read(3)) == (3, [1, 20, 30])


def test_whoever_lost_only_at_the_last_moment_has_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both saw a free number; the store decides."""
    from warehouse import remote_commit

    one, two = shop.machine("one"), shop.machine("two")
    mine, theirs = one.stage({"2026-10": 10}), two.stage({"2026-10": 20})
    monkeypatch.setattr(remote_commit, "_check_free", lambda *_: None)
    one.releases.publish(mine, passed(mine))
    with pytest.raises(PublishConflict, match="while this run worked on an empty warehouse"):
        two.releases.publish(theirs, passed(theirs))
    assert shop.machine("two").read(1) == [10]
    assert two.releases.inspect(deep=True).findings == ()


def test_what_was_published_before_the_machine_stopped_is_there_for_its_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse import commit

    one = shop.machine()
    candidate = one.stage({"2026-10": 10})
    finish = commit._finish
    monkeypatch.setattr(commit, "_finish", lambda *_: (_ for _ in ()).throw(StorageError("the disk is full")))
    with pytest.raises(StorageError, match="Release 1 is published in s3://"):
        one.releases.publish(candidate, passed(candidate))
    assert one.releases.numbers() == []
    monkeypatch.setattr(commit, "_finish", finish)
    one = shop.machine()
    assert one.read(1) == [10]
    assert list((one.home / "staging").iterdir()) == []
    assert one.publish({"2026-11": 11}).base == 1


def test_a_rollback_is_published_in_the_store(shop: Shop) -> None:
    one = shop.machine("one")
    one.publish({"2026-09": 1}, deliveries=("a.csv",))
    one.publish({"2026-09": 2}, deliveries=("a.csv", "b.csv"))
    two = shop.machine("two")
    back = two.releases.rollback(1)
    assert (back.number, back.reason, [held.path for held in back.held]) == (3, "rollback 1", ["b.csv"])
    assert shop.machine("one").read(3) == [1]
    assert shop.machine("one").releases.head() == back
    with pytest.raises(UsageError, match="nothing to roll back"):
        one.releases.rollback(1)


def test_a_rollback_to_a_release_the_store_lost_files_of_is_refused(shop: Shop) -> None:
    one = shop.machine()
    first = one.publish({"2026-09": 1})
    one.publish({"2026-09": 2})
    lost = first.files[0].path
    shop.remote.delete([lost])
    with pytest.raises(StorageError, match=lost):
        one.releases.rollback(1)
    assert shop.remote.items("releases")[-1].key == "releases/00000002/_manifest.json"


def test_the_page_of_a_verdict_goes_with_its_release(shop: Shop) -> None:
    one = shop.machine("one")
    candidate = one.stage({"2026-09": 1})
    candidate.record_page("<p>All is well.</p>")
    one.releases.publish(candidate, passed(candidate))
    one.publish({"2026-09": 2})
    two = shop.machine("two")
    for number in (1, 2):
        mirror.bring_page(two.home, number)
    pages = [two.home / f"releases/0000000{number}/quality.html" for number in (1, 2)]
    assert pages[0].read_text() == "<p>All is well.</p>"
    assert not pages[1].exists()
    assert two.releases.mend() == []
