"""No name and no link leads out of the warehouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.releases.business import Business, passed
from warehouse.draft import Draft
from warehouse.errors import StorageError
from warehouse.store import Store

ROW = pl.DataFrame({"a": [1]})
BAD = ["", ".", "..", "../x", "/etc", "a/../b", "a\n", ".hidden", "a/b", "ä", "a" * 200]


@pytest.mark.parametrize("name", BAD)
def test_bad_names_are_refused_everywhere(business: Business, name: str) -> None:
    business.publish({"2026-09": 1})
    with pytest.raises(StorageError):
        business.store.write(name, "t", "whole", ROW)
    with pytest.raises(StorageError):
        business.store.write("metrics", name, "whole", ROW)
    with pytest.raises(StorageError):
        business.store.write("metrics", "t", name, ROW)
    with pytest.raises(StorageError):
        business.store.write("metrics", "t", f"month={name}", ROW)
    with pytest.raises(StorageError):
        Draft.open_or_create(business.home, name, None)
    with pytest.raises(StorageError):
        business.releases.tag(name, 1)


@pytest.mark.parametrize("name", ["whole", "month=2026-09", "shard=03/month=2026-09", "file=0123456789ab"])
def test_partitions_in_use_are_allowed(business: Business, name: str) -> None:
    assert business.store.write("metrics", "t", name, ROW).path.startswith(f"data/metrics/t/{name}/")


@pytest.mark.parametrize("path", ["../secret.parquet", "/etc/passwd", "data/../../x.parquet", "data/a/.b.parquet", "x"])
def test_a_manifest_cannot_name_a_file_outside(business: Business, path: str) -> None:
    file = business.store.write("metrics", "t", "whole", ROW)
    with pytest.raises(StorageError, match="cannot be the name"):
        business.store.scan([replace(file, path=path)])


def test_a_link_in_the_root_is_not_followed_out_of_it(business: Business, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    file = business.store.write("metrics", "t", "whole", ROW)
    folder = business.home / "data/metrics/t/whole"
    folder.rename(outside / "whole")
    folder.symlink_to(outside / "whole")
    with pytest.raises(StorageError, match="symbolic link"):
        Store(business.home).write("metrics", "t", "whole", ROW)
    with pytest.raises(StorageError, match="symbolic link"):
        Store(business.home).scan([file])


def test_staging_that_leads_elsewhere_is_refused(business: Business, tmp_path: Path) -> None:
    business.publish({"2026-09": 1})
    candidate = business.stage({"2026-09": 2})
    staging = business.home / "staging"
    staging.rename(tmp_path / "elsewhere")
    staging.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="symbolic link"):
        business.releases.publish(candidate, passed(candidate))
    with pytest.raises(StorageError, match="symbolic link"):
        business.stage({"2026-09": 3})
    assert business.releases.numbers() == [1]
