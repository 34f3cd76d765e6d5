"""Both works on a few raw events: DuckDB's script gives what ours gives, and another row is told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.bench.intake import works
from tests.bench.intake.works import ENGINES, WORKS, Work


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("raw")
    works.prepare(home, events=3_000, seed=3)
    return home


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_both_engines_give_the_same(work: Work, home: Path, tmp_path: Path) -> None:
    targets = {engine: tmp_path / engine for engine in ENGINES}
    for engine in ENGINES:
        work.run[engine](home, targets[engine])()
    assert works.check_equal(work, home, targets) > 2_000


def test_the_late_file_changes_what_is_known(home: Path) -> None:
    late = pl.read_parquet(home / "late" / "late.parquet")
    known = pl.read_parquet(home / "lake" / "*" / "*.parquet", hive_partitioning=False)
    both = late.join(known, on="event_id", suffix="_known")
    assert 20 <= both.height < late.height
    newer = both.filter(pl.col("received_at") > pl.col("received_at_known")).height
    assert 0 < newer < both.height


def test_another_row_is_told(home: Path, tmp_path: Path) -> None:
    work = works.named("activity")
    targets = {engine: tmp_path / engine for engine in ENGINES}
    for engine in ENGINES:
        work.run[engine](home, targets[engine])()
    one_less = pl.read_parquet(targets["duckdb"] / "activity.parquet").head(-1)
    one_less.write_parquet(targets["duckdb"] / "activity.parquet")
    with pytest.raises(ValueError, match="activity"):
        works.check_equal(work, home, targets)
