"""A range in the middle of a year knows who was a customer before the year, by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from assets.metrics import customer_retention_calendar
from warehouse.settings import Settings

PEOPLE = pl.LazyFrame(
    {"person": [1], "kind": ["customer"], "first_order_day": [date(2023, 6, 1)]},
    schema_overrides={"person": pl.UInt32},
).with_columns(first_subscription_day=pl.lit(None, pl.Date), first_usage_day=pl.lit(None, pl.Date))
EVERYBODY = PEOPLE.select(
    "person",
    basis=pl.lit(None, pl.String),
    segment=pl.lit("all"),
    segment_value=pl.lit("all"),
    start_day=pl.lit(None, pl.Date),
    end_day=pl.lit(None, pl.Date),
)


@pytest.mark.parametrize("first_day", [date(2024, 1, 1), date(2024, 1, 2), date(2024, 3, 1), date(2024, 12, 1)])
@pytest.mark.parametrize(
    ("lost_on", "lost"),
    [
        (date(2023, 12, 31), 0),  # in the year before
        (date(2024, 1, 1), 1),  # still there on 31 December
        (date(2024, 1, 2), 1),
    ],
)
def test_who_is_lost_in_the_year(lost_on: date, lost: int, first_day: date) -> None:
    spans = PEOPLE.select(
        "person",
        basis=pl.lit("orders"),
        start_day=pl.lit(date(2023, 6, 1)),
        end_day=pl.lit(lost_on),
        churn_type=pl.lit("unknown"),
    )
    settings = Settings(first_day, date(2024, 12, 31), sources=frozenset({"orders"}))
    rows = customer_retention_calendar.measure(spans, PEOPLE, EVERYBODY, settings)
    of_year = rows.filter(pl.col("period") == "year", pl.col("period_start") == date(2024, 1, 1))
    assert of_year.select(pl.col("customers_lost").sum()).collect().item() == lost
