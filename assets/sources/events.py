"""The contract of usage events. Without an event_id, rows that agree in everything are one event."""

from __future__ import annotations

import polars as pl

from assets.sources.bookkeeping import (
    AMOUNT,
    CHANNEL,
    COUNTRY,
    CUSTOMER,
    DAY,
    FILE,
    IS_CURRENT,
    MOMENT,
    ROW,
    always,
)
from warehouse.table import Column, Table

ID = "event_id"
TIME = "occurred_at"
VERSION = "received_at"
PERSON = "user_id"
REPEATS_ARE_ONE = True
IS_PAST = True
IN_PARTS = True

_EVENT_ID = Column("event_id", pl.String, "The event's id.", "id", nullable=True)
_USER_ID = Column("user_id", pl.String, "The user.", "id")
_CUSTOMER_ID = Column("customer_id", pl.String, "The user's customer; missing is the user_id.", "id", nullable=True)
_OCCURRED_AT = Column("occurred_at", MOMENT, "When it happened.", "UTC")
_EVENT_NAME = Column("event_name", pl.String, "What happened.", "name")
_VALUE = Column("value", AMOUNT, "A number that the event carries.", "any", nullable=True)
_RECEIVED_AT = Column("received_at", MOMENT, "When it was received; the latest wins.", "UTC", nullable=True)

_INPUTS = (
    *(_EVENT_ID, _USER_ID, _CUSTOMER_ID, _OCCURRED_AT, _EVENT_NAME, _VALUE),
    *(_RECEIVED_AT, CHANNEL, COUNTRY),
)

table = Table(
    name="events",
    description="Every version of every event, as delivered; `is_current` marks the one that counts.",
    layer="sources",
    grain=(FILE, ROW),
    columns=(
        _EVENT_ID,
        _USER_ID,
        Column("user", pl.UInt32, "The user's code in its shard.", "code"),
        *(always(_CUSTOMER_ID), CUSTOMER),
        Column("customer_shard", pl.UInt16, "The shard of the customer.", "shard"),
        *(_OCCURRED_AT, DAY, _EVENT_NAME, _VALUE, _RECEIVED_AT, CHANNEL, COUNTRY, IS_CURRENT),
    ),
    partitioning="shard/month",
)


def inputs(shape: str) -> tuple[Column, ...]:
    """What a file may bring; what is not nullable it must."""
    del shape
    return _INPUTS


def key() -> pl.Expr:
    """What versions of one event share; null where only a row equal in everything is the same event."""
    return pl.col("event_id")


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fills defaults."""
    return rows.with_columns(pl.coalesce("customer_id", "user_id"))


def rules() -> dict[str, pl.Expr]:
    """Each reason to quarantine a row, and which rows it is true of."""
    return {}
