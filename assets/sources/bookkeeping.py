"""The columns and types that every source shares: where a row came from, whether it counts, and on which day.

What a source itself says belongs in its own file.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from warehouse.table import Column

MOMENT = pl.Datetime("us", "UTC")
AMOUNT = pl.Decimal(38, 6)
# Beyond this a sum of many amounts in ten-thousandths would leave 64 bits.
LARGEST_AMOUNT = 10**12

FILE = Column("file", pl.String, "The file the row came in, relative to the configuration's folder.", "path")
ROW = Column("row", pl.Int64, "The line of a text file, or the row of a Parquet file, counted from 1.", "line")
IS_CURRENT = Column("is_current", pl.Boolean, "Whether this is the version of its id that counts.", "flag")
DAY = Column("day", pl.Date, "The business day, in the reporting time zone.", "day")
CUSTOMER_ID = Column("customer_id", pl.String, "The customer.", "id")
CUSTOMER = Column("customer", pl.UInt32, "The customer's code in its shard.", "code")
CURRENCY = Column("currency", pl.String, "Contract currency, in capitals.", "ISO 4217")
CHANNEL = Column("channel", pl.String, "The acquisition channel that the row names.", "channel", nullable=True)
COUNTRY = Column("country", pl.String, "The country that the row names.", "country", nullable=True)
UPDATED_AT = Column("updated_at", MOMENT, "When this version was made; the latest wins.", "UTC", nullable=True)


def always(column: Column) -> Column:
    """A column that a file may leave out and that has a value once defaults are filled in."""
    return replace(column, nullable=False)


def has_currency_code() -> pl.Expr:
    return pl.col("currency").str.contains("^[A-Z]{3}$")
