"""What a publish makes, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.releases.business import TABLES, Business, passed
from warehouse.errors import GateRefused, HoldfastError, PublishConflict, StorageError, UsageError
from warehouse.releases import Releases
from warehouse.store import Store


def test_the_first_release_is_whole_and_current(business: Business) -> None:
    published = business.publish({"2026-09": 1, "2026-10": 2})
    folder = business.releases.folder(1)
    assert (published.number, published.base, published.verdict["passed"]) == (1, None, True)
    assert business.read(1) == [1, 2]
    assert (business.home / "current").resolve() == folder.resolve()
    assert business.releases.head() == published
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    tables = [
        f"{table}/month=2026-{month}/data.parquet" for table in ("mrr_daily", "orders_daily") for month in ("09", "10")
    ]
    assert names == ["_manifest.json", *tables, "warehouse.duckdb"]
    assert list((business.home / "staging").iterdir()) == []


def test_untouched_partitions_keep_their_files(business: Business) -> None:
    first = business.publish({"2026-09": 1, "2026-10": 2})
    second = business.publish({"2026-09": 1, "2026-10": 3})
    kept = set(first.files) & set(second.files)
    assert {file.partition for file in kept} == {"month=2026-09"}
    assert second.changed == {"metrics/mrr_daily": 1, "metrics/orders_daily": 1}
    assert business.read(1) == [1, 2]
    assert business.read(2) == [1, 3]


def test_equal_content_is_unchanged_whatever_its_file_names(business: Business) -> None:
    business.publish({"2026-09": 1})
    draft = business.draft({"2026-09": 2})
    again = business.store.write("metrics", "orders_daily", "month=2026-09", pl.DataFrame({"date": [1]}))
    assert draft.changed("metrics", "orders_daily") == {"month=2026-09"}
    assert again.sha256 != draft.files("metrics", "orders_daily")["month=2026-09"].sha256
    assert business.releases.unchanged(business.stage({"2026-09": 1}))
    assert not business.releases.unchanged(business.stage({"2026-09": 2}))


def test_plain_tools_read_the_same_rows_and_the_descriptions(business: Business) -> None:
    business.publish({"2026-09": 1, "2026-10": 2})
    folder = business.releases.folder(1)
    glob = f"{folder}/orders_daily/*/data.parquet"
    assert pl.read_parquet(glob, hive_partitioning=False)["date"].to_list() == [1, 2]
    assert sorted(pd.read_parquet(folder / "orders_daily")["date"]) == [1, 2]
    assert sorted(pq.read_table(folder / "orders_daily")["date"].to_pylist()) == [1, 2]
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("SELECT date FROM orders_daily ORDER BY 1").fetchall() == [(1,), (2,)]
        view = connection.execute("SELECT comment FROM duckdb_views() WHERE view_name = 'orders_daily'").fetchone()
        assert view == ("What orders_daily are, and the customer's share.",)
        column = "SELECT comment FROM duckdb_columns() WHERE column_name = 'orders_daily_count'"
        assert connection.execute(column).fetchone() == ("How many. Unit: customers.",)
    metadata = pq.read_schema(folder / "orders_daily/month=2026-09/data.parquet").field("orders_daily_count").metadata
    assert (metadata[b"description"], metadata[b"unit"]) == (b"How many.", b"customers")


def test_a_table_without_rows_is_an_empty_view(business: Business) -> None:
    business.publish({"2026-09": -1})
    with duckdb.connect(business.releases.folder(1) / "warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("SELECT date, orders_daily_count FROM orders_daily").fetchall() == []


@pytest.mark.parametrize(
    "change",
    [{"passed": False}, {"passed": "yes"}, {"digest": "0" * 64}, {"digest": ""}, {"digest": None}],
    ids=["failed", "not a boolean", "of another candidate", "empty digest", "no digest"],
)
def test_no_verdict_no_release(business: Business, change: dict[str, Any]) -> None:
    candidate = business.stage({"2026-09": 1})
    with pytest.raises(GateRefused):
        business.releases.publish(candidate, passed(candidate) | change)
    assert business.releases.head() is None


def test_a_verdict_does_not_cover_another_file_list(business: Business) -> None:
    candidate = business.stage({"2026-09": 1})
    fewer = replace(candidate, manifest=replace(candidate.manifest, files=candidate.files[:1]))
    with pytest.raises(GateRefused, match="not about this candidate"):
        business.releases.publish(fewer, passed(candidate))


@pytest.mark.parametrize("damage", ["in place", "replaced", "unknown file", "missing"])
def test_a_candidate_damaged_after_the_audit_is_refused(business: Business, damage: str) -> None:
    business.publish({"2026-09": 1})
    candidate = business.stage({"2026-10": 2})
    staged = candidate.folder / "orders_daily/month=2026-10/data.parquet"
    if damage == "in place":
        staged.chmod(0o644)
        staged.write_bytes(staged.read_bytes().replace(b"PAR1", b"PAR2"))
    elif damage == "replaced":
        content = staged.read_bytes()
        staged.unlink()
        staged.write_bytes(content)
    elif damage == "unknown file":
        (staged.parent / "more.parquet").write_bytes(staged.read_bytes())
    else:
        staged.unlink()
    with pytest.raises(GateRefused, match="orders_daily"):
        business.releases.publish(candidate, passed(candidate))
    assert business.releases.numbers() == [1]
    assert business.read(1) == [1]


def test_the_loser_of_two_publishers_says_so(business: Business) -> None:
    first, second = business.stage({"2026-09": 1}), business.stage({"2026-09": 2})
    business.releases.publish(second, passed(second))
    with pytest.raises(PublishConflict, match="Release 1 was published"):
        business.releases.publish(first, passed(first))
    assert business.read(1) == [2]


def test_publishing_times_never_go_back(business: Business) -> None:
    first = business.publish({"2026-09": 1})
    business.now = business.now.replace(year=2020)
    assert business.publish({"2026-09": 2}).published_at == first.published_at


def test_published_on_a_day_is_what_was_newest_at_its_end(business: Business) -> None:
    for value in (1, 2, 3):
        business.publish({"2026-09": value})  # at noon UTC of 2, 3 and 4 November
    newest = {day: business.releases.as_of(day) for day in ("2026-11-01", "2026-11-02", "2026-11-03", "2027-01-01")}
    assert {day: found and found.number for day, found in newest.items()} == dict(
        zip(newest, (None, 1, 2, 3), strict=True)
    )
    times = {"2026-11-03T11:59:59+00:00": 1, "2026-11-03T12:00:00": 2, "2026-11-03T12:00:00+01:00": 1}
    assert {time: found.number for time in times if (found := business.releases.as_of(time))} == times
    with pytest.raises(UsageError, match="write 2026-11-22"):
        business.releases.as_of("yesterday")


def test_a_table_no_longer_declared_leaves_the_release(business: Business) -> None:
    business.publish({"2026-09": 1})
    business.publish({"2026-09": 1}, tables={"mrr_daily": TABLES["mrr_daily"]})
    assert not (business.releases.folder(2) / "orders_daily").exists()
    assert business.read(2, "mrr_daily") == [1]


def test_a_damaged_manifest_is_never_read_as_another(business: Business) -> None:
    business.publish({"2026-09": 1})
    path = business.releases.folder(1) / "_manifest.json"
    content = path.read_bytes()
    path.chmod(0o644)
    for damaged in (content[:-40], content.replace(b'"rows": 1', b'"rows": 2'), b""):
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match="truncated or was altered"):
            Releases(business.home).head()


def test_a_full_disk_leaves_nothing_and_says_what_to_do(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    business.publish({"2026-09": 1})
    before = sorted(business.home.rglob("*"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError, match="disk is full"):
            Store(business.home).write("metrics", "orders_daily", "month=2026-09", pl.DataFrame({"date": [9]}))
    assert sorted(business.home.rglob("*")) == before


def test_a_disk_full_during_the_publish_leaves_the_old_release_and_the_candidate(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    business.publish({"2026-09": 1})
    candidate = business.stage({"2026-09": 2})
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError, match="disk is full"):
            business.releases.publish(candidate, passed(candidate))
    assert business.releases.numbers() == [1]
    (candidate.folder / "warehouse.duckdb.wal").write_bytes(b"unfinished")
    business.releases.publish(candidate, passed(candidate))
    assert business.read(2) == [2]
    assert business.releases.inspect(deep=True).findings == ()


def test_errors_carry_their_exit_code() -> None:
    codes = {
        error.__name__: error.exit_code
        for error in (UsageError, GateRefused, PublishConflict, StorageError, HoldfastError)
    }
    assert codes == {"UsageError": 2, "GateRefused": 3, "PublishConflict": 4, "StorageError": 1, "HoldfastError": 1}


def test_reading_releases_is_light(tmp_path: Path) -> None:
    code = "import sys, warehouse.releases; print({'polars', 'duckdb', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
