"""A release to take away: the same bytes, complete or absent, and the reader's other way, a list of files."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from tests.releases.business import Business
from tests.remote.buckets import Shop
from warehouse import pull as pulling
from warehouse.errors import StorageError, UsageError
from warehouse.manifest import Manifest
from warehouse.pull import pull


def publish_two(business: Business) -> Manifest:
    business.publish({"2026-09": 1})
    return business.publish({"2026-09": 2, "2026-10": 3})


def contents(folder: Path, release: Manifest) -> dict[str, bytes]:
    """The tables and the manifest as they lie in a release's folder."""
    names = ["_manifest.json", *(file.link for file in release.published())]
    return {name: (folder / name).read_bytes() for name in names}


def test_from_a_folder_it_holds_the_bytes_of_the_release(business: Business, tmp_path: Path) -> None:
    release = publish_two(business)
    made = pull(business.home, release, tmp_path / "copy")
    assert contents(made, release) == contents(business.releases.folder(2), release)
    names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert names == {*contents(made, release), "warehouse.duckdb"}


def test_from_a_store_it_holds_the_same_and_fills_no_cache(shop: Shop, tmp_path: Path) -> None:
    one, two = shop.machine("one"), shop.machine("two")
    release = publish_two(one)
    two.releases.refresh()
    made = pull(two.home, release, tmp_path / "copy")
    assert contents(made, release) == contents(one.releases.folder(2), release)
    assert not (two.home / "data").exists()
    assert contents(pull(one.home, release, tmp_path / "cached"), release) == contents(made, release)


def test_plain_tools_read_it_wherever_it_is_moved(business: Business, tmp_path: Path) -> None:
    release = publish_two(business)
    made = pull(business.home, release, tmp_path / "copy")
    shutil.rmtree(business.home)
    moved = made.rename(tmp_path / "elsewhere")
    assert pl.read_parquet(moved / "orders_daily/**/*.parquet", hive_partitioning=False)["date"].to_list() == [2, 3]
    assert sorted(pd.read_parquet(moved / "orders_daily")["date"]) == [2, 3]
    with duckdb.connect(moved / "warehouse.duckdb", read_only=True) as database:
        assert database.sql("SELECT date FROM orders_daily ORDER BY ALL").fetchall() == [(2,), (3,)]
        told = database.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'orders_daily'").fetchall()
    assert told == [("What orders_daily are, and the customer's share.",)]


def test_what_is_there_is_not_touched(business: Business, tmp_path: Path) -> None:
    release = publish_two(business)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("full", "full/mine", "link"):
        with pytest.raises(UsageError, match="name a"):
            pull(business.home, release, tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert pull(business.home, release, tmp_path / "empty").name == "empty"
    assert (tmp_path / "full" / "mine").read_text() == "mine"


def test_a_damaged_file_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    release = publish_two(shop.machine("one"))
    home = shop.machine("two").home
    shutil.rmtree(home / "data")
    victim = release.published()[0].path
    content = shop.remote.read(victim)
    shop.remote.replace(victim, content[:-1] + b"?")
    with pytest.raises(StorageError, match=rf"s3://\S+{victim} was altered"):
        pull(home, release, tmp_path / "copy")
    assert not list(tmp_path.glob("*copy*"))
    assert not list(tmp_path.glob(".*copy*"))


def test_killed_it_is_absent_and_the_next_one_sweeps_up(
    business: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = publish_two(business)
    with monkeypatch.context() as patched:
        patched.setattr(pulling.shutil, "rmtree", lambda *_, **__: None)
        patched.setattr(pulling.views, "write_rows", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pull(business.home, release, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert len(list(tmp_path.glob(".copy.*"))) == 1
    pull(business.home, release, tmp_path / "copy")
    assert not list(tmp_path.glob(".copy.*"))
