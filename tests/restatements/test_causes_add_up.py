"""Whatever is delivered, the causes of a release add up to its change of every month: on random histories."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.oracle import worlds
from tests.properties.deliveries import history
from tests.properties.seeds import seeds
from tests.restatements.runs import RecordedRuns
from warehouse.table import MONEY

CELL = ["table_name", "column_name", "month", "segment", "segment_value"]


@pytest.mark.parametrize("seed", seeds(2))
def test_the_causes_of_every_delivery_add_up_to_its_change(seed: int, tmp_path: Path) -> None:
    """Late, changed, moved and deleted rows, other configurations: sums follow on each other from the release before
    to this one, and a month without a row has the sums it had."""
    _, steps = history(worlds.world(seed), seed)
    runs = RecordedRuns(tmp_path / "runs")
    for step in steps:
        before, tables_before = runs.head, runs.metrics()
        after = runs.take(step)
        if before is None or after is None:
            continue
        changes = runs.restatements(after)
        assert broken_chains(changes) == []
        last_day = date.fromisoformat(before.watermark)
        old, new = sums(tables_before, last_day), sums(runs.metrics(), last_day)
        assert unaccounted(changes, old, new, before.schemas.keys() & after.schemas.keys()) == []
        assert "unexplained" not in changes["cause"]


def broken_chains(changes: pl.DataFrame) -> list[object]:
    """Where the sum before a cause is not the sum after the cause before it."""
    follows = changes.with_columns(expected=pl.col("sum_after").shift().over(CELL))
    return follows.filter(pl.col("expected").is_not_null(), pl.col("expected") != pl.col("sum_before")).rows()


def unaccounted(changes: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame, tables: set[str]) -> list[object]:
    """Every month's sums, as they were and are, against the first and last of its causes; without one they are equal.

    Only of tables that were published before."""
    both = old.join(new, on=CELL, how="full", coalesce=True, suffix="_now").filter(pl.col("table_name").is_in(tables))
    told = changes.group_by(CELL, maintain_order=True).agg(pl.col("sum_before").first(), pl.col("sum_after").last())
    # What only a cause in between made is on neither side.
    compared = both.join(told, on=CELL, how="full", coalesce=True).with_columns(
        pl.col("total", "total_now").fill_null(0)
    )
    is_told = pl.col("sum_before").is_not_null()
    before = pl.when(is_told).then("sum_before").otherwise("total")
    after = pl.when(is_told).then("sum_after").otherwise("total")
    return compared.filter((pl.col("total") != before) | (pl.col("total_now") != after)).rows()


def sums(tables: dict[str, pl.DataFrame], last_day: date) -> pl.DataFrame:
    """Each count and amount of each monthly table by month and segment value, up to the day."""
    parts = [pl.DataFrame(schema={**dict.fromkeys(CELL, pl.String), "total": MONEY})]
    for name, frame in tables.items():
        if "date" not in frame.columns:
            continue
        rows = frame.filter(pl.col("date") <= last_day).with_columns(month=pl.col("date").dt.strftime("%Y-%m"))
        if "segment" not in rows.columns:
            rows = rows.with_columns(segment=pl.lit("all"), segment_value=pl.lit("all"))
        for column, dtype in frame.schema.items():
            if (dtype == pl.Int64 and column not in ("window_days", "period_days", "age_days")) or dtype.is_decimal():
                total = rows.group_by("month", "segment", "segment_value").agg(total=pl.col(column).sum().cast(MONEY))
                named = total.with_columns(table_name=pl.lit(name), column_name=pl.lit(column))
                parts.append(named.select(parts[0].columns))
    return pl.concat(parts)
