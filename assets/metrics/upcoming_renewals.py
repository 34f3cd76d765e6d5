"""Subscriptions whose term comes due within 60 days of the watermark: who is to be spoken to.

One row per subscription, so without segments. Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from assets.money import from_units
from assets.once import once
from assets.terms import NUMBER, due_days, points
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Table

DAYS_AHEAD: Final = 60

table = Table(
    name="upcoming_renewals",
    description="Paying subscriptions whose term comes due in the 60 days after the watermark. "
    "One row per subscription, so without segments.",
    layer="metrics",
    grain=(
        Column("subscription_id", pl.String, "The subscription.", "id"),
        Column("customer_id", pl.String, "The customer.", "id"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
    ),
    columns=(
        Column("as_of", pl.Date, "The watermark.", "day"),
        Column("due_date", pl.Date, "The day the term comes due.", "day"),
        Column("days_left", pl.Int64, "due_date - as_of.", "days", minimum=1, maximum=DAYS_AHEAD),
        Column("plan", pl.String, "The plan.", "plan", nullable=True),
        Column("mrr", MONEY, "MRR of the subscription at the watermark.", "currency", minimum=0),
        Column("is_past_due", pl.Boolean, "Whether a payment is late at the watermark.", "flag"),
        Column(
            "health_score",
            pl.Int64,
            "The customer's score in customer_health; 100 shows no sign of leaving.",
            "score",
            minimum=0,
            maximum=100,
        ),
        Column("reasons", pl.String, "The signs the customer shows, the heaviest first.", "text", nullable=True),
    ),
    partitioning="whole",
    every_day=False,
    of_last_day=True,
    may_be_empty=True,
    sources=("subscriptions",),
)


def measure(subscription_mrr: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The next due day of every subscription with MRR at the watermark, as far as what is known by then says."""
    last = pl.lit(settings.last_day)
    known = once(points(subscription_mrr.filter(pl.col("day") <= last)))
    current = known.filter(pl.col("until") > last, pl.col("mrr") > 0)
    ends = due_days(known, last + pl.duration(days=1), last + pl.duration(days=DAYS_AHEAD))
    customers = people.filter(pl.col("kind") == "customer").select("person", customer_id="id")
    return (
        current.join(ends.group_by(NUMBER).agg(due_date=pl.col("due").min()), on=NUMBER)
        .join(customers, on="person")
        .with_columns(
            as_of=last,
            is_past_due=pl.col("late_since").is_not_null(),
            days_left=(pl.col("due_date") - last).dt.total_days(),
            mrr=from_units(pl.col("mrr")),
        )
    )


def finish(rows: pl.LazyFrame, customer_health: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds how the customer stands: who pays has a row in `customer_health`."""
    del settings
    return rows.join(customer_health.select("customer_id", "health_score", "reasons"), on="customer_id", how="left")
