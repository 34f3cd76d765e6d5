"""Money is exact where sums are large, and rounds half to even to the smallest coin: worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from assets import money

SOURCE = pl.Decimal(38, 6)


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        ("1.00005", 10_000),  # 10000.5: to the even one
        ("1.00015", 10_002),  # 10001.5
        ("1.000149", 10_001),
        ("-1.00005", -10_000),
        ("100000000000", 10**15),
    ],
)
def test_an_amount_in_units_is_rounded_half_to_even(amount: str, units: int) -> None:
    given = pl.LazyFrame({"amount": [Decimal(amount)]}, schema={"amount": SOURCE})
    assert given.select(money.to_units(pl.col("amount"))).collect().item() == units


def monthly(**given: object) -> int:
    row = {
        **{"amount": "0", "quantity": "1", "discount_percent": "0", "discount": "0"},
        **{"interval": "month", "interval_count": 1, "currency": "USD"},
        **given,
    }
    decimals = ("amount", "quantity", "discount_percent", "discount")
    values = {name: [Decimal(str(one)) if name in decimals else one] for name, one in row.items()}
    frame = pl.LazyFrame(values).cast(dict.fromkeys(decimals, SOURCE))
    return int(frame.select(money.monthly_amount()).collect().item())


@pytest.mark.parametrize(
    ("given", "units"),
    [
        ({"amount": "100000000000", "quantity": "20"}, 2 * 10**16),  # 2 million million: 2 x 10^12 x 10^4
        (  # 10^18 / (12 x 10^6)
            {"amount": "1000000000000", "quantity": "1000000", "interval": "year", "interval_count": 1_000_000},
            833_333_333_333_300,
        ),
        ({"amount": "1", "quantity": "2.0005"}, 20_000),  # quantities have three digits: 2.000
        ({"amount": "1", "quantity": "2.0015"}, 20_000),  # 2.002 is 2.00 in cents
        ({"amount": "100", "quantity": "2.0005"}, 2_000_000),  # 2.000 and not 2.001
        ({"amount": "100", "quantity": "2.0015"}, 2_002_000),
        ({"amount": "100000", "discount_percent": "0.00005"}, 1_000_000_000),  # percentages have four: 0.0000
        ({"amount": "100000", "discount_percent": "0.00015"}, 999_998_000),  # 0.0002: 20 cents
        ({"amount": "0.01", "interval": "year", "interval_count": 1000}, 0),
        ({"amount": "0.000001", "quantity": "5000"}, 0),  # half a cent
        ({"amount": "0.000001", "quantity": "5000.001"}, 100),
        ({"amount": "1", "currency": "CLF", "interval": "year"}, 833),  # 1/12 in ten-thousandths
    ],
)
def test_monthly_amounts(given: dict[str, object], units: int) -> None:
    assert monthly(**given) == units


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (7, 3, 2), (8, 3, 3), (9 * 10**18, 1, 9 * 10**18)],
)
def test_a_quotient_is_rounded_half_to_even(numerator: int, denominator: int, quotient: int) -> None:
    one, other = (pl.lit(number, dtype=pl.Int128) for number in (numerator, denominator))
    told = pl.select(money.divide_half_even(one, other)).to_series()
    assert told.item() == quotient
    assert told.dtype == pl.Int128, "what it is multiplied with next may be large"
