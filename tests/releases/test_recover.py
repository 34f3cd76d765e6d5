"""What is swept after a run that ended badly, and what is not."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.releases.business import Business, passed
from warehouse.draft import Draft
from warehouse.errors import GateRefused, PublishConflict, StorageError
from warehouse.history import path_of
from warehouse.locks import RunLock
from warehouse.recover import beginning, sweep_data


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.name.endswith("lock"))


def test_an_unfinished_run_leaves_nothing(business: Business) -> None:
    business.publish({"2026-09": 1})
    before = files_below(business.home)
    business.draft({"2026-10": 2})
    business.stage({"2026-11": 3})
    (business.home / ".0123.tmp").write_bytes(b"half")
    swept = business.releases.recover()
    assert (swept.folders, swept.files) == (3, 4)
    assert files_below(business.home) == before
    assert business.read(1) == [1]


def test_the_last_refused_candidate_stays_until_the_next_release(business: Business) -> None:
    business.publish({"2026-09": 1})
    for value in (7, 8):
        refused = business.stage({"2026-09": value})
        refused.record_verdict({"passed": False, "digest": refused.digest})
        with pytest.raises(GateRefused):
            business.releases.publish(refused, refused.verdict() or {})
        business.now = business.now.replace(hour=business.now.hour + 1)
    business.releases.recover()
    kept = business.releases.last_refused()
    assert kept == refused
    assert business.store.scan(kept.manifest.of("metrics", "mrr_daily")).collect()["date"].to_list() == [8]
    business.publish({"2026-09": 2})
    assert business.releases.last_refused() is None
    business.releases.recover()
    assert list((business.home / "staging").iterdir()) == []
    assert len(list((business.home / "data").rglob("*.parquet"))) == 4


def test_the_end_of_a_run_is_swept_without_a_look_at_earlier_releases(business: Business) -> None:
    for value in (1, 2):
        business.publish({"2026-09": value})
    begun = beginning(business.home)
    business.publish({"2026-09": 3})
    before = files_below(business.home)
    path_of(business.home, 1).write_bytes(b"damaged")
    with pytest.raises(StorageError):
        sweep_data(business.home)
    business.draft({"2026-10": 4})
    business.stage({"2026-11": 5})
    swept = business.releases.recover(since=begun)
    assert (swept.folders, swept.files) == (3, 4)
    assert files_below(business.home) == before
    assert business.read(3) == [3]


def test_the_end_of_a_run_takes_what_lost_its_mark_along(business: Business) -> None:
    business.publish({"2026-09": 1})
    refused = business.stage({"2026-09": 7})
    refused.record_verdict({"passed": False, "digest": refused.digest})
    [of_refused] = refused.manifest.of("metrics", "mrr_daily")
    begun = beginning(business.home)
    business.publish({"2026-09": 2})
    business.releases.recover(since=begun)
    assert not business.store.path(of_refused).exists()
    assert sweep_data(business.home).files == 0


def test_a_discarded_candidate_is_swept_with_its_files(business: Business) -> None:
    business.publish({"2026-09": 1})
    before = files_below(business.home)
    candidate = business.stage({"2026-09": 2})
    candidate.discard()
    Draft.open_or_create(business.home, "run-2", None).discard()
    business.releases.recover()
    assert files_below(business.home) == before


def test_nothing_is_removed_while_a_run_works_or_a_manifest_is_damaged(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.draft({"2026-10": 2})
    before = files_below(business.home)
    with RunLock(business.home) as held:
        with pytest.raises(PublishConflict, match="pid"):
            business.releases.recover()
        with pytest.raises(PublishConflict), RunLock(business.home):
            pass
        record = business.home / "releases/00000001/_manifest.json"
        record.chmod(0o644)
        record.write_bytes(record.read_bytes()[:-1])
        with pytest.raises(StorageError, match="truncated"):
            business.releases.recover(held)
    assert files_below(business.home) == before


def test_current_is_healed(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.publish({"2026-09": 2})
    current = business.home / "current"
    current.unlink()
    current.symlink_to("releases/00000001")
    business.releases.recover()
    assert str(current.readlink()) == "releases/00000002"


def test_a_draft_keeps_the_base_it_began_from(business: Business) -> None:
    business.publish({"2026-09": 1})
    draft = business.draft({"2026-10": 5})
    business.publish({"2026-09": 2})
    again = Draft.open_or_create(business.home, draft.run_id, business.releases.head())
    assert again.base is not None
    assert again.base.number == 1
    assert again.changed("metrics", "mrr_daily") == {"month=2026-10"}


def test_what_a_run_touched_is_not_said_of_the_next(business: Business) -> None:
    draft = business.draft({"2026-09": 1})
    rows = pl.DataFrame({"order_id": ["a"]})
    file = business.store.write("sources", "orders", "shard=00/month=2026-09", rows)
    draft.put("sources", "orders", {file.partition: file}, {"touched_from": "2026-09-01", "newest_day": "2026-09-30"})
    assert draft.notes("orders")["touched_from"] == "2026-09-01"
    draft.put("sources", "orders", {file.partition: None})
    assert draft.files("sources", "orders") == {}
    draft.put("sources", "orders", {file.partition: file}, {"touched_from": "2026-09-01", "newest_day": "2026-09-30"})
    candidate = business.stage_draft(draft)
    business.releases.publish(candidate, passed(candidate))
    assert business.draft({"2026-10": 1}).notes("orders") == {"touched_from": None, "newest_day": "2026-09-30"}
