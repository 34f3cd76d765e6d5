"""Which losses have a row in churn_reasons_daily, and of which days an amount is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from assets.metrics import churn_reasons_daily
from warehouse.settings import Settings

FIRST, SECOND = date(2024, 3, 1), date(2024, 3, 2)
SETTINGS = Settings(FIRST, date(2024, 3, 31))
# Somebody pays in euros since February and in dollars since the second of March.
CHANGES = pl.LazyFrame(
    {"currency": ["EUR", "EUR", "USD"], "day": [date(2024, 2, 1), date(2024, 3, 1), SECOND]},
    schema={"currency": pl.String, "day": pl.Date},
)


def finished(basis: str, day: date, customers: int, worth: int, settings: Settings) -> list[tuple[int, int | None]]:
    rows = pl.LazyFrame({"basis": [basis], "date": [day], "customers_lost": [customers], "mrr_lost": [worth]})
    found = churn_reasons_daily.finish(rows, CHANGES, settings).collect()
    return found.select("customers_lost", "mrr_lost").rows()


def test_a_loss_that_is_rounded_to_nothing_has_no_row() -> None:
    in_dollars = replace(SETTINGS, reporting_currency="USD")
    assert finished("subscription", FIRST, 0, 0, in_dollars) == []
    assert finished("subscription", FIRST, 0, 1, in_dollars) == [(0, 1)]
    assert finished("subscription", FIRST, 1, 0, in_dollars) == [(1, 0)]
    assert finished("orders", FIRST, 1, 0, in_dollars) == [(1, None)]


def test_without_a_reporting_currency_amounts_of_several_are_not_told() -> None:
    assert finished("subscription", FIRST, 1, 7, SETTINGS) == [(1, 7)]
    assert finished("subscription", SECOND, 1, 7, SETTINGS) == [(1, None)]
    assert finished("subscription", SECOND, 1, 7, replace(SETTINGS, reporting_currency="USD")) == [(1, 7)]
