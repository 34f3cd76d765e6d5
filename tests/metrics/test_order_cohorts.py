"""Days with orders by cohort and age in arrays are those of the plain form, in whatever order the rows come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from assets.calendar import Grain
from assets.kernels.order_cohorts import order_days_of
from assets.metrics.customer_cohorts import GRAINS
from tests.metrics import plain_order_cohorts
from warehouse.settings import Settings

FIRST_DAY = date(2023, 12, 20)
EVERY_DAY = Settings(FIRST_DAY, FIRST_DAY + timedelta(days=149), sources=frozenset({"orders"}))
RANGES = {
    "every day": EVERY_DAY,
    "the last 40 days": replace(EVERY_DAY, first_day=EVERY_DAY.last_day - timedelta(days=39)),
    "a day in the middle": replace(EVERY_DAY, first_day=date(2024, 2, 14), last_day=date(2024, 2, 14)),
    "before all": replace(EVERY_DAY, first_day=date(2020, 1, 1), last_day=date(2020, 1, 31)),
}
LARGEST_PERSON = (1 << 32) - 1


def drawn(seed: int) -> pl.LazyFrame:
    """Orders of 25 persons in three currencies on 180 days, in no order."""
    rng = np.random.default_rng(seed)
    days = pl.DataFrame(
        {
            "person": pl.Series(rng.choice([*range(24), LARGEST_PERSON], 900), dtype=pl.UInt32),
            "currency": pl.Series(rng.choice(["USD", "EUR", "JPY"], 900)),
            "day": FIRST_DAY + pl.Series(rng.integers(0, 180, 900)) * timedelta(days=1),
        }
    ).unique()
    revenue = pl.Series(rng.integers(-50, 500, days.height), dtype=pl.Int64)
    return days.with_columns(revenue=revenue).sample(fraction=1, shuffle=True, seed=seed).lazy()


@pytest.mark.parametrize("days", RANGES)
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("seed", range(3))
def test_days_by_period_are_those_of_the_plain_form(seed: int, grain: Grain, days: str) -> None:
    order_days, settings = drawn(seed), RANGES[days]
    found = order_days_of(order_days, settings).by_period(grain, settings).with_columns(pl.col("currency").cast(str))
    expected = plain_order_cohorts.by_period(order_days, grain, settings).collect()
    assert (expected.height > 100) == (days in ("every day", "the last 40 days"))
    columns = expected.columns
    assert found.collect().select(columns).sort(columns).equals(expected.sort(columns))
