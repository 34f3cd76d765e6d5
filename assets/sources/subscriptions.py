"""The contract of subscriptions, in both shapes a file may have: changes of state, or periods."""

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

STATUSES = ("trialing", "active", "past_due", "paused", "canceled")
INTERVALS = ("day", "week", "month", "quarter", "year")
CHURN_TYPES = ("voluntary", "involuntary", "paused", "unknown")
# What a periods file calls two of the columns below.
PERIOD_NAMES = {"started_at": "effective_at", "ended_at": "ended_day"}
VERSION = "updated_at"
PERSON = "customer_id"
REPEATS_ARE_ONE = False
IS_PAST = False
IN_PARTS = False
ID = "subscription_id"
TIME = "effective_at"

_CHANGE_ID = Column("change_id", pl.String, "The change's id.", "id", nullable=True)
_SUBSCRIPTION_ID = Column("subscription_id", pl.String, "The subscription.", "id")
_EFFECTIVE_AT = Column("effective_at", MOMENT, "From when on the row holds (periods: started_at).", "UTC")
_ENDED_AT = Column("ended_at", pl.Date, "The first day that is not active any more.", "day", nullable=True)
_ENDED_DAY = Column("ended_day", pl.Date, "Periods: the first day not active; null is open.", "day", nullable=True)
_STATUS = Column("status", pl.String, "The state of the subscription.", "status", allowed=STATUSES)
_AMOUNT = Column(
    "amount", AMOUNT, "Per interval and unit, before discounts.", "currency unit", minimum=0, maximum=LARGEST_AMOUNT
)
_INTERVAL = Column("interval", pl.String, "What the amount is charged for.", "interval", allowed=INTERVALS)
_TERMS = (
    Column("plan", pl.String, "The plan.", "plan", nullable=True),
    Column("interval_count", pl.Int64, "How many intervals one charge covers.", "intervals", True, None, 1, 10_000),
    Column("quantity", AMOUNT, "Units, seats.", "units", True, None, 0, LARGEST_AMOUNT),
    Column("discount", AMOUNT, "Money off the line per interval.", "currency unit", True, None, 0, LARGEST_AMOUNT),
    Column("discount_percent", AMOUNT, "Taken off first.", "percent", True, None, 0, 100),
)
_REST = (
    Column("churn_type", pl.String, "Why it ends, where the row says so.", "type", True, CHURN_TYPES),
    Column("churn_reason", pl.String, "The reason in the source's own words.", "reason", nullable=True),
    Column("current_period_end", pl.Date, "The day what is paid for ends.", "day", nullable=True),
    *(CHANNEL, COUNTRY, UPDATED_AT),
)
_DEFAULTS = {"interval_count": 1, "quantity": 1, "discount": 0, "discount_percent": 0}
# What earns nothing need not say what it would cost.
_UNPAID = ("canceled", "paused", "trialing")

table = Table(
    name="subscriptions",
    description="Every version of every subscription change or period, as delivered; `is_current` marks what counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(
        *(_CHANGE_ID, _SUBSCRIPTION_ID, CUSTOMER_ID, CUSTOMER, _EFFECTIVE_AT, DAY, _ENDED_DAY, _STATUS),
        *(_AMOUNT, _INTERVAL, _TERMS[0], *(always(column) for column in _TERMS[1:]), CURRENCY, *_REST),
        Column("gone_day", pl.Date, "The day a full extract no longer has the subscription.", "day", nullable=True),
        IS_CURRENT,
    ),
    partitioning="shard/month",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file of that shape may bring; what is not nullable it must."""
    terms = (_AMOUNT, _INTERVAL, *_TERMS, CURRENCY, *_REST)
    if shape == "periods":
        started_at = Column("started_at", MOMENT, "The start of the period.", "UTC")
        status = Column("status", pl.String, "The state during the period.", "status", True, STATUSES)
        return (_SUBSCRIPTION_ID, CUSTOMER_ID, started_at, _ENDED_AT, status, *terms)
    return (_CHANGE_ID, _SUBSCRIPTION_ID, CUSTOMER_ID, _EFFECTIVE_AT, _STATUS, *terms)


def key() -> pl.Expr:
    """What versions of one change or period share: its id, or else subscription and moment."""
    moment = pl.col("effective_at").dt.epoch("us").cast(pl.String)
    return pl.coalesce(
        pl.concat_str(pl.lit("change\n"), "change_id"),
        pl.concat_str(pl.col("subscription_id"), pl.lit("\n"), moment),
    )


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fills defaults, brings codes into their one spelling, and periods into the columns of changes."""
    if "started_at" in rows.collect_schema():
        rows = rows.rename(PERIOD_NAMES).with_columns(
            # A year that far away is how exports write "no end".
            pl.when(pl.col("ended_day") < pl.date(2100, 1, 1)).then("ended_day"),
            pl.col("status").fill_null("active"),
            change_id=pl.lit(None, pl.String),
        )
    else:
        rows = rows.with_columns(ended_day=pl.lit(None, pl.Date))
    return (
        rows.with_columns(pl.col("status").str.to_lowercase().replace("cancelled", "canceled"))
        .with_columns(
            pl.col("interval", "churn_type").str.to_lowercase(),
            pl.col("currency").str.to_uppercase(),
            *(pl.col(name).fill_null(value) for name, value in _DEFAULTS.items()),
            gone_day=pl.lit(None, pl.Date),
        )
        .with_columns(_unless_paid("amount", 0), _unless_paid("interval", "month"))
    )


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    return {
        "currency is not a three-letter code": ~has_currency_code(),
        "it ends before it starts": pl.col("ended_day") < pl.col("day"),
    }


def _unless_paid(name: str, value: int | str) -> pl.Expr:
    return pl.when(pl.col("status").is_in(_UNPAID)).then(pl.col(name).fill_null(value)).otherwise(name).alias(name)
