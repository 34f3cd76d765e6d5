"""What activity spans say of days before one stands for these days, whatever the later ones become."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from assets.states import activity_spans
from warehouse.settings import Settings

BEGIN, DAYS, WINDOW = date(2024, 1, 1), 400, 20
SETTINGS = Settings(BEGIN, BEGIN + timedelta(days=DAYS), orders_window_days=WINDOW, usage_window_days=WINDOW)
REMEMBERED = {"orders": "order_days", "usage": "usage_days"}


def some_days(rng: np.random.Generator, first: int, last: int) -> pl.DataFrame:
    """Some days of five persons from `first` to before `last`; of a few persons hardly any."""
    found = [
        (person, BEGIN + timedelta(days=day))
        for person, share in enumerate((0.3, 0.1, 0.05, 0.03, 0.005))
        for day in range(first, last)
        if rng.random() < share
    ]
    return pl.DataFrame(found, schema={"person": pl.UInt32, "day": pl.Date}, orient="row")


def spans(days: pl.LazyFrame) -> pl.DataFrame:
    covered = activity_spans.covered_spans(days, WINDOW)
    return covered.select("person", "start_day", "end_day").sort("person", "start_day").collect()


@pytest.mark.parametrize("basis", REMEMBERED)
@pytest.mark.parametrize("seed", range(6))
def test_days_before_any_day_follow_from_spans(seed: int, basis: str) -> None:
    """The days from `changed` on are others than those the spans were made from; they are read from a window before it
    on, or from earlier."""
    rng = np.random.default_rng(seed)
    known = activity_spans.REMEMBERED[REMEMBERED[basis]]
    assert known.days_before(SETTINGS) == WINDOW
    for changed in rng.integers(WINDOW, DAYS, 12):
        read_from = int(changed) - WINDOW - int(rng.integers(0, 31))
        earlier = some_days(rng, 0, int(changed))
        before, after = (pl.concat([earlier, some_days(rng, int(changed), DAYS)]).lazy() for _ in range(2))
        of_another_basis = spans(some_days(rng, 0, DAYS).lazy()).lazy().with_columns(basis=pl.lit("subscription"))
        own = pl.concat([spans(before).lazy().with_columns(basis=pl.lit(basis)), of_another_basis])
        first_day = BEGIN + timedelta(days=read_from)
        told = known.rows(own, first_day, SETTINGS)
        assert told.collect().filter(pl.col("day") >= first_day).is_empty()
        again = spans(pl.concat([told.select("person", "day"), after.filter(pl.col("day") >= first_day)]))
        assert again.equals(spans(after)), (changed, read_from)


def test_one_day_in_each_window_is_enough() -> None:
    daily = pl.LazyFrame({"person": [1] * 100, "day": [BEGIN + timedelta(days=day) for day in range(100)]})
    own = spans(daily.cast({"person": pl.UInt32})).lazy().with_columns(basis=pl.lit("usage"))
    told = activity_spans.REMEMBERED["usage_days"].rows(own, date.max, SETTINGS).collect()
    assert told.unique().height <= 100 // WINDOW + 1
