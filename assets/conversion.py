"""Contract amounts in the reporting currency: at the day's rate, rounded once per row.

Rates are those of `fx_rates`; the last known one is carried forward. Source: METRICS.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from assets.money import UNITS_PER_ONE, divide_half_even, minor_digits
from warehouse.settings import Settings

_RATE_SCALE: Final = 10**10


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
    reporting = pl.lit(settings.reporting_currency)
    names = list(rated_on)
    priced = rows.with_columns(_day_of_rate=pl.lit(None, pl.Date))
    for name, day in rated_on.items():
        rate = pl.when(pl.col("currency") == reporting).then(pl.lit(_RATE_SCALE, pl.Int128)).otherwise("_rate")
        priced = _with_rate(priced, fx_rates, day).with_columns(
            pl.when(pl.col(name) == 0)
            .then(pl.lit(0, pl.Int128))
            .otherwise(pl.col(name).cast(pl.Int128) * rate)
            .alias(name)
        )
    units_per_minor = UNITS_PER_ONE // 10 ** minor_digits(reporting).cast(pl.Int128)
    return (
        priced.group_by(keys)
        .agg(pl.col(names).sum(), has_rates=pl.all_horizontal(pl.col(names).is_not_null()).all())
        .with_columns(
            pl.when("has_rates")
            .then(divide_half_even(pl.col(name), units_per_minor * _RATE_SCALE) * units_per_minor)
            .cast(pl.Int64)
            .alias(name)
            for name in names
        )
        .drop("has_rates")
        .with_columns(currency=reporting, is_converted=pl.lit(True))
    )


def _with_rate(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, day: pl.Expr) -> pl.LazyFrame:
    """Adds `_rate`: units of the reporting currency for one unit of the row's, times 10^10, last known on that day."""
    known = fx_rates.select("currency", _day_of_rate="day", _rate=(pl.col("rate") * _RATE_SCALE).cast(pl.Int128)).sort(
        "_day_of_rate"
    )
    return (
        rows.drop("_rate", "_day_of_rate", strict=False)
        .with_columns(_day_of_rate=day)
        .sort("_day_of_rate")
        .join_asof(known, on="_day_of_rate", by="currency", strategy="backward", check_sortedness=False)
    )
