"""What each customer was to pay, when it was first tried, and when a failed payment was collected after all.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from assets.money import to_units
from warehouse.table import Column, Table

# An attempt that comes later than this after the one before is of another invoice, where none is named.
RETRY_DAYS: Final = 30

table = Table(
    name="invoices",
    description="One row per invoice: its first attempt, and the first success after a failed one.",
    layer="states",
    grain=(
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
        Column("day", pl.Date, "The day of the first attempt.", "day"),
        Column("payment_id", pl.String, "The first attempt.", "id"),
    ),
    columns=(
        Column("amount", pl.Int64, "Amount of the first attempt.", "1/10000 of the currency", minimum=0),
        Column("is_failed", pl.Boolean, "Whether the first attempt failed.", "flag"),
        Column("collected_day", pl.Date, "The day of the first success.", "day", nullable=True),
        Column("collected", pl.Int64, "Amount of the first success.", "1/10000 of the currency", nullable=True),
    ),
    partitioning="shard",
    sources=("payments",),
)


def build(payments: pl.LazyFrame) -> pl.LazyFrame:
    """The attempts of an invoice share its id; without one, customer, subscription, currency and amount: then after a
    success or a pause of more than 30 days, and with an attempt numbered 1, another begins."""
    subject = pl.coalesce(
        pl.concat_str(pl.lit("invoice\n"), "invoice_id"),
        pl.concat_str(
            pl.lit("other\n"),
            pl.col("amount").cast(pl.String),
            pl.lit("\n"),
            pl.col("subscription_id").fill_null(""),
        ),
    )
    owner = ["customer", "currency", "subject"]
    # Across owners as well: from which number on the invoices of an owner are counted is no matter.
    before = {name: pl.col(name).shift(1) for name in ("status", "day")}
    begins = (
        (before["status"] == "succeeded")
        | (pl.col("attempt") == 1)
        | (pl.col("day") > before["day"] + pl.duration(days=RETRY_DAYS))
    )
    succeeded = pl.col("status") == "succeeded"
    return (
        payments.with_columns(subject=subject)
        .sort(*owner, "attempted_at", "payment_id")
        .with_columns(begins=pl.col("invoice_id").is_null() & begins.fill_null(False))
        .with_columns(number=pl.col("begins").cum_sum())
        .group_by(*owner, "number", maintain_order=True)
        .agg(
            pl.col("day", "payment_id").first(),
            amount=to_units(pl.col("amount").first()),
            is_failed=~succeeded.first(),
            collected_day=pl.col("day").filter(succeeded).first(),
            collected=to_units(pl.col("amount").filter(succeeded).first()),
        )
        .rename({"customer": "person"})
    )
