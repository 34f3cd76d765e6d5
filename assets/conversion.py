"""Contract amounts in the reporting currency: at the day's rate, rounded once per row.

Rates are those of `fx_rates`; the last known one is carried forward. Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from assets.money import divide_half_even, smallest_coin
from warehouse.settings import Settings

RATE_SCALE: Final = 10**10


def converted(
    rows: pl.LazyFrame,
    fx_rates: pl.LazyFrame,
    keys: Sequence[str],
    rated_on: Mapping[str, pl.Expr],
    settings: Settings,
) -> pl.LazyFrame:
    """The amounts of all currencies together: keys, `currency` (the reporting one), `is_converted`, the amounts.

    `rows` are in contract currency, in ten-thousandths, one row per key and currency; `rated_on` names the amounts and
    the date whose rate each takes. Rounded half to even to the reporting currency's minor unit. An amount of 0 needs
    no rate.
    """
    names = list(rated_on)
    priced = rows
    for name, day in rated_on.items():
        amount = pl.col(name)
        priced = rated(priced, fx_rates, day, settings).with_columns(
            pl.when(amount == 0).then(amount).otherwise(amount * pl.col("rate")).alias(name)
        )
    return (
        priced.group_by(keys)
        .agg(pl.col(names).sum(), has_rates=pl.all_horizontal(pl.col(names).is_not_null()).all())
        .with_columns(pl.when("has_rates").then(rounded(pl.col(name), settings)).alias(name) for name in names)
        .drop("has_rates")
        .with_columns(currency=pl.lit(settings.reporting_currency), is_converted=pl.lit(True))
    )


def rated(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, day: pl.Expr, settings: Settings) -> pl.LazyFrame:
    """Adds `rate`: units of the reporting currency for one unit of the row's, times 10^10, as last known on the day.

    Null where none is known yet. Without a reporting currency every amount counts as a plain number.
    """
    plain = pl.lit(RATE_SCALE, pl.Int128)
    if settings.reporting_currency is None:
        return rows.with_columns(rate=plain)
    known = fx_rates.select("currency", _day_of_rate="day", rate=(pl.col("rate") * RATE_SCALE).cast(pl.Int128)).sort(
        "_day_of_rate"
    )
    return (
        rows.drop("rate", strict=False)
        .with_columns(_day_of_rate=day)
        .sort("_day_of_rate")
        .join_asof(known, on="_day_of_rate", by="currency", strategy="backward", check_sortedness=False)
        .with_columns(rate=pl.when(pl.col("currency") == settings.reporting_currency).then(plain).otherwise("rate"))
        .drop("_day_of_rate")
    )


def rounded(worth: pl.Expr, settings: Settings) -> pl.Expr:
    """Amounts times `rate` as ten-thousandths again: half to even, to the minor unit of a reporting currency."""
    coin = 1 if settings.reporting_currency is None else smallest_coin(settings.reporting_currency)
    return (divide_half_even(worth, pl.lit(coin * RATE_SCALE)) * coin).cast(pl.Int64)
