"""What shards return is the same added up at once or a few at a time, and never more than a few are read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines import partials
from pipelines.scratch import keep
from warehouse import catalog, reduction

ORDERS = catalog.load()["orders_daily"]
KEYS = ["date", "currency", "is_converted", "segment", "segment_value"]


def _shards(folder: Path, rows: int, count: int = 7) -> list[Path]:
    """Partials in which each key is in several shards."""
    measures = [measure.name for measure in ORDERS.table.measures]
    found = []
    for shard in range(count):
        numbers = pl.DataFrame({"n": range(shard, shard + rows)})
        sums = {name: pl.col("n") * (place + 1) + shard for place, name in enumerate(measures)}
        days = pl.date(2024, 1, 1) + pl.duration(days="n")
        keys = {"currency": pl.lit("EUR"), "is_converted": pl.lit(False), "segment": pl.lit("all")}
        told = numbers.select(date=days, **keys, segment_value=pl.lit("all"), **sums)
        path = folder / f"{shard}.parquet"
        keep(told, path)
        found.append(path)
    return found


@pytest.mark.parametrize("at_once", [1, 9, 10, 25, 69])
def test_a_few_at_a_time_add_up_to_the_same(at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = _shards(tmp_path, 10)
    every = pl.concat([pl.scan_parquet(shard) for shard in shards], how="diagonal")
    expected = reduction.added_up(ORDERS.table, every).collect()
    monkeypatch.setattr(partials, "ROWS_AT_ONCE", at_once)
    target = tmp_path / "everything.parquet"
    found = reduction.added_up(ORDERS.table, partials.together(ORDERS, shards, target)).collect()
    assert found.sort(KEYS).equals(expected.select(found.columns).sort(KEYS))
    assert pl.read_parquet(target).height == 16  # the days of 7 shards of 10, each begun a day later


def test_few_rows_are_left_as_they_are(tmp_path: Path) -> None:
    target = tmp_path / "everything.parquet"
    same = [_shards(tmp_path, 10)[0]] * 3
    assert partials.together(ORDERS, same, target).collect().height == 30
    assert not target.exists()


def test_no_more_are_read_at_once_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partials, "ROWS_AT_ONCE", 10)
    paths = [Path(name) for name in "abcde"]
    groups = list(partials._few_at_a_time(paths, [4, 6, 1, 30, 2]))
    assert groups == [paths[:2], paths[2:3], paths[3:4], paths[4:]]
