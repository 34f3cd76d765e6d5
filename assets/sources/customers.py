"""The contract of customers: undated attributes, where a change restates."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from assets.sources.bookkeeping import (
    CHANNEL,
    COUNTRY,
    CUSTOMER,
    CUSTOMER_ID,
    DAY,
    FILE,
    IS_CURRENT,
    MOMENT,
    ROW,
    UPDATED_AT,
)
from warehouse.table import Column, Table

ID = "customer_id"
TIME = "signed_up_at"
VERSION = "updated_at"
PERSON = "customer_id"
REPEATS_ARE_ONE = False
IS_PAST = False
IN_PARTS = False

_SIGNED_UP_AT = Column("signed_up_at", MOMENT, "When the customer signed up.", "UTC", nullable=True)

table = Table(
    name="customers",
    description="Every version of every customer's attributes; `is_current` marks the one that counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(
        *(CUSTOMER_ID, CUSTOMER, CHANNEL, COUNTRY, _SIGNED_UP_AT, replace(DAY, nullable=True), UPDATED_AT, IS_CURRENT),
    ),
    partitioning="shard",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file may bring; what is not nullable it must."""
    del shape
    return (CUSTOMER_ID, CHANNEL, COUNTRY, _SIGNED_UP_AT, UPDATED_AT)


def key() -> pl.Expr:
    """What versions of one customer share."""
    return pl.col("customer_id")


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Nothing to fill in."""
    return rows


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    return {}
