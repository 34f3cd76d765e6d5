"""Money as exact integers: minor units, monthly amounts and rounding. No floats, no conversion between currencies.

A state or measure holds money in ten-thousandths of the currency unit (Int64); a source holds Decimal(38, 6).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from warehouse.table import MONEY

UNITS_PER_ONE: Final = 10_000
_DIGITS: Final = 4
_USUAL_DIGITS: Final = 2
_NO_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_MINOR_DIGITS: Final = {
    **dict.fromkeys(_NO_MINOR.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    **dict.fromkeys(_FOUR.split(), 4),
}
# How much of a month one interval is, as (numerator, denominator): docs/metrics.md section 3.
_PER_MONTH: Final = {"day": (365, 12), "week": (52, 12), "month": (1, 1), "quarter": (1, 3), "year": (1, 12)}


def minor_digits(currency: pl.Expr) -> pl.Expr:
    """How many decimals the currency's smallest coin has (ISO 4217); 2 where it is not listed."""
    return currency.replace_strict(_MINOR_DIGITS, default=_USUAL_DIGITS, return_dtype=pl.Int8)


def smallest_coin(currency: str) -> int:
    """The smallest coin in ten-thousandths of the currency unit."""
    return int(10 ** (_DIGITS - _MINOR_DIGITS.get(currency, _USUAL_DIGITS)))


def to_units(amount: pl.Expr) -> pl.Expr:
    """A decimal amount in ten-thousandths of the currency unit, rounded half to even."""
    return (amount * UNITS_PER_ONE).round(0, mode="half_to_even").cast(pl.Int64)


def from_units(units: pl.Expr) -> pl.Expr:
    """Ten-thousandths as the published decimal amount."""
    return units.cast(MONEY) / UNITS_PER_ONE


def net_revenue() -> pl.Expr:
    """What an order brought in: amount less refund, in ten-thousandths."""
    return to_units(pl.col("amount") - pl.col("refunded_amount"))


def monthly_amount() -> pl.Expr:
    """MRR that a subscription row states, in ten-thousandths, never below 0.

    (amount x quantity x (1 - discount_percent/100) - discount) / interval_count per month, rounded once, half to
    even, to the currency's minor unit. Exact: integers of 128 bits, amounts of six decimals, quantities of three,
    percentages of four.
    """
    line = _scaled("amount", 6) * _scaled("quantity", 3) * (_wide(10**6) - _scaled("discount_percent", 4))
    net = (line - _scaled("discount", 6) * _wide(10**9)).clip(lower_bound=0)
    numerator = pl.col("interval").replace_strict({k: n for k, (n, _) in _PER_MONTH.items()}, return_dtype=pl.Int128)
    denominator = pl.col("interval").replace_strict({k: d for k, (_, d) in _PER_MONTH.items()}, return_dtype=pl.Int128)
    digits = minor_digits(pl.col("currency"))
    minor = divide_half_even(
        net * numerator * _power_of_ten(digits),
        _wide(10**15) * denominator * pl.col("interval_count"),
    )
    return (minor * _power_of_ten(_DIGITS - digits)).cast(pl.Int64)


def divide_half_even(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """The quotient of two integers, the denominator above 0, rounded half to even."""
    quotient = numerator // denominator
    twice = (numerator - quotient * denominator) * 2
    round_up = (twice > denominator) | ((twice == denominator) & (quotient % 2 != 0))
    return quotient + round_up


def _scaled(column: str, decimals: int) -> pl.Expr:
    return (pl.col(column) * int(10**decimals)).round(0, mode="half_to_even").cast(pl.Int128)


def _wide(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.Int128)


def _power_of_ten(exponent: pl.Expr) -> pl.Expr:
    return exponent.replace_strict({n: 10**n for n in range(_DIGITS + 1)}, return_dtype=pl.Int128)
