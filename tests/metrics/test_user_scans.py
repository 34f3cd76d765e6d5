"""What is counted in arrays of active days is what the plain form in Polars counts."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from assets.kernels import cohorts, lifecycle
from assets.kernels.active_days import ROWS_OF_A_BLOCK, active_days
from assets.metrics import user_activity_daily, user_retention_cohorts
from tests.metrics import plain_user_activity, plain_user_cohorts
from warehouse.settings import Settings
from warehouse.table import Table

FIRST, DAYS = date(1969, 10, 20), 400
LAST = FIRST + timedelta(days=DAYS - 1)
DIMENSIONS = ("acquisition_channel", "country")


def business(seed: int) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The days of 60 users and who they are: often active and seldom, some with nothing for months, some after LAST."""
    rng = np.random.default_rng(seed)
    day = rng.integers(0, DAYS, 60)[:, None] + np.cumsum(rng.choice([1, 1, 2, 7, 8, 28, 29, 55, 57], (60, 40)), axis=1)
    rows = pl.DataFrame(
        {"person": np.repeat(np.arange(60, dtype=np.uint32), 40), "day": (day.ravel() - 74).astype(np.int32)}
    )
    user_days = rows.filter(pl.col("day") < DAYS + 10).with_columns(pl.col("day").cast(pl.Date))
    first = user_days.group_by("person").agg(first_day=pl.col("day").min())
    people = first.with_columns(
        kind=pl.lit("user"),
        acquisition_channel=pl.when(pl.col("person") % 2 == 0).then(pl.lit("ads")).otherwise(pl.lit("direct")),
        country=pl.format("C{}", pl.col("person") % 5),
    )
    shuffled = user_days.sample(fraction=1, shuffle=True, seed=seed).with_columns(events=pl.lit(1, pl.Int64))
    return shuffled.lazy(), pl.concat([people, people.with_columns(kind=pl.lit("customer"))]).lazy()


def settings_of(table: Table, first_day: date) -> tuple[Settings, pl.Expr]:
    """The settings of a range of days, and which days are read for it."""
    settings = Settings(first_day, LAST, sources=frozenset({"events"}), dimensions=DIMENSIONS)
    if table.look_back_days is None:
        return settings, pl.lit(True)
    return settings, pl.col("day") >= first_day - timedelta(days=table.look_back_days)


def added_up(table: Table, rows: pl.LazyFrame) -> pl.DataFrame:
    """What the reduction sees of measures: their sums, and the first row of each key."""
    keys = [column.name for column in table.keys]
    measures = [measure.name for measure in table.measures]
    sums = rows.group_by(keys).agg(pl.col(measures).sum())
    starts = pl.col("date") == pl.col("date").min().over([key for key in keys if key != "date"])
    return sums.filter(starts | pl.any_horizontal(pl.col(measures) != 0)).sort(keys).collect()


@pytest.mark.parametrize("first_day", [FIRST, FIRST + timedelta(days=340)], ids=["whole", "range"])
@pytest.mark.parametrize(
    ("cells", "rows"),
    [(1, ROWS_OF_A_BLOCK), (1 << 22, ROWS_OF_A_BLOCK), (1 << 22, 300)],
    ids=["value by value", "at once", "in blocks"],
)
@pytest.mark.parametrize("seed", range(4))
def test_the_lifecycle_is_that_of_the_plain_form(
    seed: int, cells: int, rows: int, first_day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_CELLS", cells)
    monkeypatch.setattr(user_activity_daily, "active_days", partial(active_days, rows=rows))
    user_days, people = business(seed)
    table = user_activity_daily.table
    settings, is_read = settings_of(table, first_day)
    user_days = user_days.filter(is_read)
    plain = plain_user_activity.measure(user_days, people, settings)
    expected = added_up(table, plain)
    assert expected.height > 1_000
    columns = expected.columns
    assert added_up(table, user_activity_daily.measure(user_days, people, settings)).select(columns).equals(expected)


@pytest.mark.parametrize("first_day", [FIRST, FIRST + timedelta(days=340)], ids=["whole", "range"])
@pytest.mark.parametrize(
    ("cells", "rows"),
    [(1, ROWS_OF_A_BLOCK), (1 << 22, ROWS_OF_A_BLOCK), (1 << 22, 300)],
    ids=["sorted", "dense", "in blocks"],
)
@pytest.mark.parametrize("seed", range(4))
def test_the_cohorts_are_those_of_the_plain_form(
    seed: int, cells: int, rows: int, first_day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "_CELLS", cells)
    monkeypatch.setattr(user_retention_cohorts, "active_days", partial(active_days, rows=rows))
    user_days, people = business(seed)
    settings, _ = settings_of(user_retention_cohorts.table, first_day)
    keys = [*user_retention_cohorts.KEYS, "age"]
    assert [measure.name for measure in user_retention_cohorts.table.measures] == user_retention_cohorts.SUMS

    def summed(rows: pl.LazyFrame) -> pl.DataFrame:
        return rows.group_by(keys).agg(pl.col(user_retention_cohorts.SUMS).sum()).sort(keys).collect()

    expected = summed(plain_user_cohorts.measure(user_days, people, settings))
    assert expected.height > 500
    assert summed(user_retention_cohorts.measure(user_days, people, settings)).equals(expected)


@pytest.mark.parametrize("table", [user_activity_daily, user_retention_cohorts])
def test_a_shard_without_users_has_no_rows(table: ModuleType) -> None:
    user_days, people = (rows.filter(pl.lit(False)) for rows in business(0))
    assert table.measure(user_days, people, settings_of(table.table, FIRST)[0]).collect().is_empty()
