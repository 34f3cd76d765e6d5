"""What says nothing about the business changes nothing that is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.oracle import oracle, worlds
from tests.properties import altered
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs, run_once, unequal_files, unequal_tables


@pytest.fixture(scope="module", params=seeds(2))
def world(request: pytest.FixtureRequest) -> worlds.World:
    seed: int = request.param
    return altered.without_rivals(worlds.world(seed + 5))


@pytest.fixture(scope="module")
def told_plainly(world: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return run_once(tmp_path_factory.mktemp("plain"), world)


def test_order_of_rows_and_files_does_not_matter(world: worlds.World, told_plainly: Runs, tmp_path: Path) -> None:
    """The same rows in another order, split over other files: byte-equal tables, where no two rows compete."""
    assert unequal_files(told_plainly, run_once(tmp_path, altered.reordered(world, world.seed))) == []


@pytest.mark.parametrize("shards", [1, 2, 8])
def test_number_of_shards_does_not_matter(shards: int, world: worlds.World, told_plainly: Runs, tmp_path: Path) -> None:
    """1, 2 or 8 shards: byte-equal tables."""
    if shards != world.shards:
        assert unequal_files(told_plainly, run_once(tmp_path, replace(world, shards=shards))) == []


def test_names_of_persons_do_not_matter(world: worlds.World, told_plainly: Runs, tmp_path: Path) -> None:
    """Every user and customer under another id, and so in another shard: the same tables, the ledger by new ids; scores
    are set aside, as the id decides between equals."""
    expected = {name: _without_scores(_by_new_names(name, frame)) for name, frame in told_plainly.tables().items()}
    got = run_once(tmp_path, altered.renamed(world)).tables()
    assert unequal_tables(expected, {name: _without_scores(frame) for name, frame in got.items()}) == []


def _by_new_names(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    if "customer_id" not in frame.columns:
        return frame
    new = pl.col("customer_id").map_elements(altered.new_name, return_dtype=pl.String)
    return frame.with_columns(new).sort(oracle.keys(table))


def _without_scores(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop([name for name in frame.columns if name.endswith("_score")])
