"""Every tie between published tables holds on a made-up business, and blocks once either table says something else."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from quality import identities
from quality.ties import TIES, Side, Tie
from quality.ties_of_value import TIES_OF_VALUE
from tests.oracle import compare, product, rawfiles, worlds

ALL_TIES = (*TIES, *TIES_OF_VALUE)
SEED = 136  # a business of every source, whose tables all have rows
PER_CUSTOMER = {"customer_value", "customer_health", "upcoming_renewals", "mrr_movements"}
Frames = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder, world = tmp_path_factory.mktemp("ties"), worlds.world(SEED)
    rawfiles.write(world, folder)
    tables = product.build_world(folder, world)
    found = {one.name: compare.released(tables, one.name) for one in tables.iterdir()}
    return {name: frame for name, frame in found.items() if frame is not None}


def moved(frame: pl.DataFrame, side: Side) -> pl.DataFrame:
    """One row of the side says something else: its numbers are larger, its flags are turned."""
    row = pl.int_range(pl.len()) == frame.select(side.only.fill_null(False).arg_max()).item()
    names = side.value.meta.root_names()
    others = [~pl.col(n) if frame.schema[n] == pl.Boolean else pl.col(n) + 1_000_000_000 for n in names]
    return frame.with_columns(
        pl.when(row).then(other).otherwise(pl.col(name)).alias(name) for name, other in zip(names, others, strict=True)
    )


@pytest.mark.parametrize("tie", ALL_TIES, ids=lambda tie: tie.name)
def test_a_broken_tie_blocks(tie: Tie, frames: Frames) -> None:
    holds = identities.tied(tie, frames)
    assert (holds.observed, holds.severity) == (0, "critical"), holds.where
    side = tie.left if frames[tie.left.table].filter(tie.left.only).height else tie.right
    broken = {**frames, side.table: moved(frames[side.table], side)}
    assert identities.tied(tie, broken).observed


def test_every_table_of_customers_is_tied_to_a_table_of_days() -> None:
    tied = {
        side.table: other.table for tie in ALL_TIES for side, other in ((tie.left, tie.right), (tie.right, tie.left))
    }
    assert {name for name in PER_CUSTOMER if tied.get(name, "").endswith("_daily")} == PER_CUSTOMER
