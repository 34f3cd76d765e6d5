"""What is said of a day is said once: later days change nothing before them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.oracle import worlds
from tests.properties import altered
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import keys, run_once, unequal_tables


@pytest.mark.parametrize("seed", seeds(3))
def test_data_cut_at_a_day_give_the_same_rows_up_to_it(seed: int, tmp_path: Path) -> None:
    """Prefix invariance: computed from the data cut at day D, every row of every daily table up to D is as it is when
    computed from all data. Rules: M1.12 M1.14."""
    world = altered.without_rivals(worlds.world(seed))
    day, last = days_of(world)
    whole = {
        name: frame.filter(pl.col("date") <= day)
        for name, frame in run_once(tmp_path / "whole", replace(world, date=last)).tables().items()
        if "date" in frame.columns
    }
    early = run_once(tmp_path / "early", replace(altered.cut(world, day), date=day)).tables()
    known = {name: complete(early[name]) for name in early if name in whole}
    told = {name: of_the_same(frame, known[name], name) if name in known else frame for name, frame in whole.items()}
    assert unequal_tables(filled(told), filled(known)) == []


def days_of(world: worlds.World) -> tuple[date, date]:
    """A day two thirds into the data, by which every source has begun, and the last one."""
    by_source = {
        name: sorted(
            day for rows in source.files.values() for row in rows if (day := altered.business_day(world, name, row))
        )
        for name, source in world.sources.items()
    }
    facts = sorted(day for name, days in by_source.items() if name != "fx_rates" for day in days)
    begun = max(days[0] for days in by_source.values() if days)
    return max(facts[len(facts) * 2 // 3], begun), max(facts[-1], begun)


def complete(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that say of themselves that nothing later will change them; in most tables these are all."""
    return frame.filter("is_complete") if "is_complete" in frame.columns else frame


def of_the_same(frame: pl.DataFrame, known: pl.DataFrame, table: str) -> pl.DataFrame:
    """Of a table with rows that are not complete, those that the other has as complete ones."""
    if "is_complete" not in frame.columns:
        return frame
    return frame.join(known.select(keys(table)), on=keys(table), how="semi", maintain_order="left")


def filled(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Without the tables that have no rows: a release has no file of them."""
    return {name: frame for name, frame in tables.items() if frame.height}
