"""From raw files to a release: the same bytes every time, and only what changed anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.acceptance import road


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = road.make(tmp_path_factory.mktemp("road") / "business")
    assert road.run(config) == 0
    return config


def test_the_same_input_gives_the_same_bytes_in_every_root(first: Path, tmp_path: Path) -> None:
    for root in ("one", "two"):
        config = road.make(tmp_path / root)
        assert road.run(config) == 0
        assert road.hashes(config) == road.hashes(first)


def test_one_new_file_makes_a_release_that_keeps_the_files_of_untouched_months(first: Path) -> None:
    before = road.published(first)
    road.deliver_orders(first, "november", "2026-11-01")
    assert road.run(first) == 0
    after = road.published(first)
    untouched = {place for place in before if "month=" in place and not place.endswith("month=2026-11")}
    assert untouched
    assert all(after[place].path == before[place].path for place in untouched)
    # A week of a cohort that begins in October and ends in November has its cells there.
    assert {place.split("/")[0] for place in before.keys() - untouched if "month=" in place} == {"customer_cohorts"}
    assert {place for place in after.keys() - before.keys() if place.endswith("month=2026-11")}
    assert road.run(first) == 0
    assert road.published(first) == after


def test_the_records_of_a_backfill_stay_small(first: Path, tmp_path: Path) -> None:
    """Five months of every asset: 1.94 MB were measured, a part of it for the run as such."""
    config = Path(shutil.copytree(first.parent, tmp_path / "copy", symlinks=True)) / first.name
    records = config.parent / ".dagster"
    before = _bytes(records)
    assert main(["backfill", "--from", "2026-07-10", "--config", str(config)]) == 0
    months = len({place for place in road.published(config) if place.startswith("orders_daily/")})
    assert _bytes(records) - before < months * 410_000


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
