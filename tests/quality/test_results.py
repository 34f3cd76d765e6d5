"""The history of results: every release adds those of its own verdict, and no verdict depends on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from quality.verdict import Result, Verdict
from tests.quality.shop import Shop, daily
from warehouse import catalog, commit
from warehouse.candidate import Candidate
from warehouse.errors import StorageError
from warehouse.manifest import Manifest, content_digest

DAYS = daily(30, 40)
JUNE, JULY = DAYS[:25], DAYS


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return with_history(tmp_path / "warehouse")


def with_history(home: Path) -> Shop:
    shop = Shop(home)
    shop.histories = {"quality_results": catalog.load()["quality_results"].table}
    return shop


def verdict(candidate: Candidate, observed: str = "0.3") -> dict[str, object]:
    found = [
        Result("rows", "orders_daily", None, "critical", True, "25 rows", "at least 1 row", ""),
        Result("missing country", "orders", "country", "warning", False, observed, "at most 0.3", "Look.", "day 1"),
    ]
    return Verdict.of(candidate.digest, found, "2026-07-01T00:00:00+00:00").to_json()


def published(shop: Shop, deliveries: list[object], observed: str = "0.3") -> Manifest:
    candidate = shop.stage(deliveries)  # type: ignore[arg-type]
    return shop.releases.publish(candidate, verdict(candidate, observed))


def history(shop: Shop, release: Manifest) -> pl.DataFrame:
    """As a reader sees it, in the folder of the release."""
    files = [shop.releases.folder(release.number) / file.link for file in release.published("quality_results")]
    return pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files])


def test_each_release_adds_what_its_own_verdict_found(shop: Shop) -> None:
    published(shop, [*JUNE[:20]])
    second = published(shop, [*JUNE], observed="0.4")
    assert history(shop, second).select("date", "release", "place", "check_name", "is_passed", "observed").rows() == [
        (date(2026, 6, 20), 1, 1, "missing country", False, "0.3"),
        (date(2026, 6, 20), 1, 2, "rows", True, "25 rows"),
        (date(2026, 6, 25), 2, 1, "missing country", False, "0.4"),
        (date(2026, 6, 25), 2, 2, "rows", True, "25 rows"),
    ]
    failed = history(shop, second).row(0, named=True)
    assert (failed["column_name"], failed["found_at"], failed["message"]) == ("country", "day 1", "Look.")


def test_a_month_that_is_over_keeps_its_file(shop: Shop) -> None:
    first = published(shop, [*JUNE])
    second = published(shop, [*JULY])
    assert [file.partition for file in second.published("quality_results")] == ["month=2026-06", "month=2026-07"]
    assert first.published("quality_results")[0] == second.published("quality_results")[0]


def test_the_view_of_the_release_shows_it(shop: Shop) -> None:
    release = published(shop, [*JUNE])
    database = shop.releases.folder(release.number) / "warehouse.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.sql("select count(*) from quality_results where not is_passed").fetchall() == [(1,)]


def test_no_verdict_depends_on_it(shop: Shop) -> None:
    candidate = shop.stage([*JUNE])
    release = shop.releases.publish(candidate, verdict(candidate))
    assert release.content_digest == candidate.digest == content_digest(release.schemas, release.files)
    assert shop.releases.inspect(deep=True).findings == ()
    assert shop.stage([*JUNE]).digest == candidate.digest


def test_the_same_verdicts_give_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "other"):
        shop = with_history(tmp_path / name)
        published(shop, [*JUNE[:20]])
        digests.append([file.sha256 for file in published(shop, [*JUNE]).published("quality_results")])
    assert digests[0] == digests[1]


def test_a_rollback_keeps_the_history_and_adds_to_it(shop: Shop) -> None:
    published(shop, [*JUNE[:20]])
    published(shop, [*JUNE], observed="0.4")
    shop.releases.rollback(1)
    head = shop.releases.head()
    assert head is not None
    assert history(shop, head)["release"].unique(maintain_order=True).to_list() == [1, 3, 2]
    assert shop.releases.inspect(deep=True).findings == ()


def test_a_publish_that_failed_half_way_can_be_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    published(shop, [*JUNE[:20]])
    candidate = shop.stage([*JUNE])

    def full(*_: object) -> None:
        raise StorageError("disk full")

    monkeypatch.setattr(commit.views, "write", full)
    with pytest.raises(StorageError):
        shop.releases.publish(candidate, verdict(candidate))
    monkeypatch.undo()
    assert history(shop, shop.releases.publish(candidate, verdict(candidate))).height == 4


def test_where_the_history_is_not_published_nothing_is_added(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "warehouse")
    assert published(shop, [*JUNE]).published("quality_results") == []
