"""The contract of orders: what a file may bring, what is filled in, what breaks it."""

from __future__ import annotations

import polars as pl

from assets.sources.bookkeeping import (
    AMOUNT,
    CHANNEL,
    COUNTRY,
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
    always,
    has_currency_code,
)
from warehouse.table import Column, Table

STATUSES = ("paid", "refunded", "pending", "cancelled")
ID = "order_id"
TIME = "ordered_at"
VERSION = "updated_at"
PERSON = "customer_id"
REPEATS_ARE_ONE = False
IS_PAST = True
IN_PARTS = False

_ORDER_ID = Column("order_id", pl.String, "The order's id.", "id")
_ORDERED_AT = Column("ordered_at", MOMENT, "When it was ordered.", "UTC")
_AMOUNT = Column(
    "amount",
    AMOUNT,
    "Net of tax and discount, before refunds.",
    "currency unit",
    minimum=-LARGEST_AMOUNT,
    maximum=LARGEST_AMOUNT,
)
_REFUNDED_AMOUNT = Column(
    "refunded_amount", AMOUNT, "Paid back so far.", "currency unit", nullable=True, maximum=LARGEST_AMOUNT
)
_STATUS = Column("status", pl.String, "Where the order stands; missing is paid.", "status", True, STATUSES)

_INPUTS = (
    *(_ORDER_ID, CUSTOMER_ID, _ORDERED_AT, _AMOUNT, CURRENCY),
    *(_REFUNDED_AMOUNT, _STATUS, CHANNEL, COUNTRY, UPDATED_AT),
)

table = Table(
    name="orders",
    description="Every version of every order, as delivered; `is_current` marks the one that counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(
        *(_ORDER_ID, CUSTOMER_ID, CUSTOMER, _ORDERED_AT, DAY, _AMOUNT, always(_REFUNDED_AMOUNT), always(_STATUS)),
        *(CURRENCY, CHANNEL, COUNTRY, UPDATED_AT, IS_CURRENT),
    ),
    partitioning="shard/month",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file may bring; what is not nullable it must."""
    del shape
    return _INPUTS


def key() -> pl.Expr:
    """What versions of one order share."""
    return pl.col("order_id")


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fills defaults and brings codes into their one spelling; refunded without an amount means all of it."""
    said = rows.with_columns(
        pl.col("status").str.to_lowercase().replace("canceled", "cancelled").fill_null("paid"),
        pl.col("currency").str.to_uppercase(),
    )
    refund_unsaid = pl.when(pl.col("status") == "refunded").then("amount").otherwise(0)
    return said.with_columns(pl.coalesce("refunded_amount", refund_unsaid))


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    is_whole_refund = (pl.col("status") == "refunded") & (pl.col("refunded_amount") == pl.col("amount"))
    return {
        "currency is not a three-letter code": ~has_currency_code(),
        "refunded_amount is below 0": (pl.col("refunded_amount") < 0) & ~is_whole_refund,
    }


def order_rules() -> dict[str, pl.Expr]:
    """The same for rows that are whole orders."""
    refunded, amount = pl.col("refunded_amount"), pl.col("amount")
    return {"refunded_amount is above amount": (refunded > amount) & (amount >= 0)}


def line_rules() -> dict[str, pl.Expr]:
    """The same for rows that are order lines: what all lines of an order must agree on, and their sums."""
    refunded, amount = (pl.col(name).sum().over("order_id") for name in ("refunded_amount", "amount"))
    return {
        **{
            f"the lines of its order name several values of {name}": (pl.col(name).n_unique() > 1).over("order_id")
            for name in ("customer_id", "currency", "status")
        },
        "the refunded_amount of its order is above its amount": (refunded > amount) & (amount >= 0),
    }


def of_lines(lines: pl.LazyFrame) -> pl.LazyFrame:
    """One row per order from the lines of one file: amounts summed, the earliest time, the rest from the first line
    that has it."""
    earliest = pl.struct("ordered_at", "day").sort_by("ordered_at", "day").first()
    summed = ("amount", "refunded_amount")
    apart = (*summed, "ordered_at", "day", "updated_at", "row", "order_id")
    return (
        lines.group_by("order_id")
        .agg(
            pl.col(summed).sum(),
            pl.col("updated_at").max(),
            earliest.alias("earliest"),
            pl.exclude(apart).sort_by("row").drop_nulls().first(),
            pl.col("row").min(),
        )
        .unnest("earliest")
    )
