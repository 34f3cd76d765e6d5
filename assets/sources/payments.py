"""The contract of payments: one row per attempt to collect an amount, succeeded or failed."""

from __future__ import annotations

import polars as pl

from assets.sources.bookkeeping import (
    AMOUNT,
    CURRENCY,
    CUSTOMER,
    CUSTOMER_ID,
    DAY,
    FILE,
    IS_CURRENT,
    LARGEST_AMOUNT,
    MOMENT,
    ROW,
    UPDATED_AT,
    has_currency_code,
)
from warehouse.table import Column, Table

STATUSES = ("succeeded", "failed")
ID = "payment_id"
TIME = "attempted_at"
VERSION = "updated_at"
PERSON = "customer_id"
REPEATS_ARE_ONE = False
IS_PAST = True
IN_PARTS = False

_INPUTS = (
    Column("payment_id", pl.String, "The attempt's id.", "id"),
    CUSTOMER_ID,
    Column("subscription_id", pl.String, "The subscription that is paid for.", "id", nullable=True),
    Column("invoice_id", pl.String, "The invoice: what its attempts share.", "id", nullable=True),
    Column("attempted_at", MOMENT, "When it was attempted.", "UTC"),
    Column("amount", AMOUNT, "What was to be collected.", "currency unit", minimum=0, maximum=LARGEST_AMOUNT),
    CURRENCY,
    Column("status", pl.String, "Whether it was collected.", "status", allowed=STATUSES),
    Column("attempt", pl.Int64, "Which attempt of its invoice it is; 1 is the first.", "attempts", True, None, 1),
    Column("failure_code", pl.String, "Why it failed, in the source's own words.", "code", nullable=True),
    UPDATED_AT,
)

table = Table(
    name="payments",
    description="Every version of every attempt to collect a payment; `is_current` marks the one that counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(_INPUTS[0], CUSTOMER_ID, CUSTOMER, *_INPUTS[2:5], DAY, *_INPUTS[5:], IS_CURRENT),
    partitioning="shard/month",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file may bring; what is not nullable it must."""
    del shape
    return _INPUTS


def key() -> pl.Expr:
    """What versions of one attempt share."""
    return pl.col("payment_id")


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Brings codes into their one spelling."""
    return rows.with_columns(pl.col("status").str.to_lowercase(), pl.col("currency").str.to_uppercase())


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    return {"currency is not a three-letter code": ~has_currency_code()}
