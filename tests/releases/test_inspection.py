"""Rot is found, told to the releases it hurts, and what can be made again is."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.releases.business import Business


@pytest.fixture
def two(business: Business) -> Business:
    """Two releases: September is in both, October in the second only."""
    business.publish({"2026-09": 1})
    business.publish({"2026-10": 2})
    assert business.releases.inspect(deep=True).findings == ()
    return business


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def data_file(business: Business, number: int, partition: str) -> Path:
    files = business.releases.get(number).of("metrics", "orders_daily")
    return business.home / next(file.path for file in files if file.partition == partition)


def test_a_flipped_byte_is_found_only_by_reading(two: Business) -> None:
    path = data_file(two, 2, "month=2026-10")
    flip(path, 30)
    assert two.releases.inspect().findings == ()
    found = two.releases.inspect(deep=True)
    assert [(one.path, one.releases) for one in found.findings] == [(path, (2,))]
    assert found.whole == (1,)


def test_a_missing_file_hurts_every_release_that_has_it(two: Business) -> None:
    path = data_file(two, 1, "month=2026-09")
    path.unlink()
    found = two.releases.inspect()
    assert found.findings[0].path == path
    assert found.findings[0].releases == (1, 2)
    assert found.whole == ()


def test_a_file_too_many_is_found_and_hurts_none(two: Business) -> None:
    more = data_file(two, 2, "month=2026-10").with_name("more.parquet")
    more.write_bytes(b"?")
    found = two.releases.inspect()
    assert [(one.path, one.releases) for one in found.findings] == [(more, ())]
    assert found.whole == (1, 2)


def test_a_file_too_many_in_a_release_hurts_it(two: Business) -> None:
    more = two.releases.folder(2) / "orders_daily/month=2026-10/more.parquet"
    more.write_bytes(b"?")
    found = two.releases.inspect()
    assert [(one.path, one.releases) for one in found.findings] == [(more, (2,))]


@pytest.mark.parametrize("position", [-1, -100, 10])
def test_a_damaged_manifest_is_found_and_nothing_is_called_an_orphan(two: Business, position: int) -> None:
    path = two.home / "releases/00000002/_manifest.json"
    if position == -100:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:position])
    else:
        flip(path, position)
    found = two.releases.inspect(deep=True)
    assert [(one.path, one.releases) for one in found.findings] == [(path, (2,))]
    assert found.whole == (1,)


def test_links_and_databases_are_made_again(two: Business) -> None:
    folder = two.releases.folder(2)
    (folder / "mrr_daily/month=2026-10/data.parquet").unlink()
    (folder / "warehouse.duckdb").unlink()
    assert {one.path.name for one in two.releases.inspect().findings} == {"data.parquet", "warehouse.duckdb"}
    assert len(two.releases.mend()) == 2
    assert two.releases.inspect(deep=True).findings == ()


def test_a_moved_warehouse_gets_new_databases(two: Business, tmp_path: Path) -> None:
    moved = Business(tmp_path / "elsewhere")
    shutil.copytree(two.home, moved.home, symlinks=True)
    shutil.rmtree(two.home)
    moved.releases.mend()
    with duckdb.connect(moved.home / "current/warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("SELECT date FROM orders_daily ORDER BY 1").fetchall() == [(1,), (2,)]
    assert moved.releases.inspect(deep=True).findings == ()


def test_a_lost_data_file_is_taken_from_a_link_that_survives(two: Business) -> None:
    path = data_file(two, 1, "month=2026-09")  # in both releases
    content = path.read_bytes()
    shutil.rmtree(path.parent)
    (two.releases.folder(1) / "orders_daily/month=2026-09/data.parquet").unlink()
    assert two.releases.inspect().whole == ()
    assert [line.split()[0] for line in two.releases.mend()] == ["took", "linked"]
    assert path.read_bytes() == content
    assert path.stat().st_nlink == 3
    assert two.releases.inspect(deep=True).findings == ()


def test_a_lost_data_file_is_not_taken_from_a_damaged_link(two: Business, tmp_path: Path) -> None:
    path = data_file(two, 2, "month=2026-10")
    link = two.releases.folder(2) / "orders_daily/month=2026-10/data.parquet"
    path.unlink()
    flip(link, 30)
    assert two.releases.mend() == []
    assert two.releases.inspect(deep=True).whole == (1,)
    (tmp_path / "outside").write_bytes(link.read_bytes())
    link.unlink()
    link.symlink_to(tmp_path / "outside")
    assert two.releases.mend() == []
    assert not path.exists()
