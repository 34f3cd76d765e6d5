"""The contract of exchange rates: what one unit of a currency is worth in the reporting currency, day by day."""

from __future__ import annotations

import polars as pl

from assets.sources.bookkeeping import CURRENCY, DAY, FILE, IS_CURRENT, ROW, has_currency_code
from warehouse.table import Column, Table

ID = None
TIME = "date"
VERSION = None
PERSON = None
REPEATS_ARE_ONE = False
IS_PAST = False
IN_PARTS = False

_DATE = Column("date", pl.Date, "The day of the rate.", "day")
_RATE = Column("rate", pl.Decimal(38, 10), "Reporting currency per unit.", "ratio", minimum=0, maximum=10**12)

table = Table(
    name="fx_rates",
    description="Every version of every rate; `is_current` marks the one that counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(_DATE, DAY, CURRENCY, _RATE, IS_CURRENT),
    partitioning="whole",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file may bring; what is not nullable it must."""
    del shape
    return (_DATE, CURRENCY, _RATE)


def key() -> pl.Expr:
    """What versions of one rate share."""
    return pl.concat_str(pl.col("day").cast(pl.String), pl.lit(" "), "currency")


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Brings codes into their one spelling."""
    return rows.with_columns(pl.col("currency").str.to_uppercase())


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    return {"currency is not a three-letter code": ~has_currency_code(), "rate is not above 0": pl.col("rate") <= 0}
