"""Amounts in the reporting currency: exact where they are large, and nothing where a rate is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from assets.conversion import converted
from warehouse.settings import Settings

DAY = date(2024, 1, 2)
RATES = {"EUR": "1.1", "XAU": "1000000", "VND": "0.0000000001"}


def reported(amounts: Sequence[tuple[str, str, int]], currency: str = "USD") -> dict[str, int | None]:
    """What (name, currency, ten-thousandths) come to, in the reporting currency at the rates of the day."""
    rows = pl.LazyFrame(
        [{"currency": of, "paid": 0, "due": 0, name: units} for name, of, units in amounts],
        schema={"currency": pl.String, "paid": pl.Int64, "due": pl.Int64},
    ).with_columns(date=pl.lit(DAY))
    rates = pl.LazyFrame(
        {"day": DAY, "currency": [*RATES], "rate": [Decimal(rate) for rate in RATES.values()]},
        schema={"day": pl.Date, "currency": pl.String, "rate": pl.Decimal(38, 10)},
    )
    settings = Settings(DAY, DAY, reporting_currency=currency)
    rated_on = {"paid": pl.col("date"), "due": pl.col("date")}
    [row] = converted(rows, rates, ["date"], rated_on, settings).collect().rows(named=True)
    assert (row["currency"], row["is_converted"]) == (currency, True)
    return {"paid": row["paid"], "due": row["due"]}


def test_one_amount_without_a_rate_leaves_no_sum_of_the_others() -> None:
    assert reported([("paid", "USD", 50_000), ("paid", "EUR", 10_000)]) == {"paid": 61_000, "due": 0}
    assert reported([("paid", "USD", 50_000), ("paid", "GBP", 10_000)]) == {"paid": None, "due": None}
    assert reported([("paid", "USD", 50_000), ("due", "GBP", 0)]) == {"paid": 50_000, "due": 0}, "nothing needs no rate"


@pytest.mark.parametrize(
    ("currency", "units", "told"),
    [
        ("USD", 9 * 10**17, 9 * 10**17),  # times 10^10 it takes 90 bits
        ("XAU", 10**12, 10**18),
        ("VND", 5 * 10**15, 500_000),  # the smallest rate there is
        ("VND", 5 * 10**11, 0),  # half a cent
    ],
)
def test_large_amounts_and_small_rates_are_exact(currency: str, units: int, told: int) -> None:
    assert reported([("paid", currency, units)])["paid"] == told


@pytest.mark.parametrize(("currency", "told"), [("JPY", 10_000), ("USD", 13_600), ("KWD", 13_580), ("CLF", 13_579)])
def test_the_sum_is_rounded_to_the_smallest_coin_of_the_reporting_currency(currency: str, told: int) -> None:
    assert reported([("paid", "EUR", 0), ("paid", currency, 13_579)], currency)["paid"] == told
