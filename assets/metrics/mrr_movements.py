"""The ledger of recurring revenue: who moved, by how much, and why. In contract currency.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

import polars as pl

from assets.money import from_units
from assets.states.mrr_changes import MOVEMENTS
from assets.states.subscription_mrr import TYPES
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Table

table = Table(
    name="mrr_movements",
    description="One row for each day on which a customer's MRR in a currency changed.",
    layer="metrics",
    grain=(
        Column("date", pl.Date, "The day of the change.", "day"),
        Column("customer_id", pl.String, "The customer.", "id"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
    ),
    columns=(
        Column("movement", pl.String, "What the change is called.", "movement", allowed=MOVEMENTS),
        Column("mrr_before", MONEY, "MRR at the end of the day before.", "currency", minimum=0),
        Column("mrr_after", MONEY, "MRR at the end of the day.", "currency", minimum=0),
        Column("amount", MONEY, "mrr_after - mrr_before.", "currency"),
        Column("plan", pl.String, "The plan left, for churn; else the largest.", "plan", nullable=True),
        Column("churn_type", pl.String, "For churn: its type.", "type", nullable=True, allowed=TYPES),
        Column("churn_reason", pl.String, "For churn: its reason, where one is known.", "reason", nullable=True),
    ),
    every_day=False,
    sources=("subscriptions",),
)


def measure(mrr_changes: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The changes of the range with the customer's id."""
    customers = people.filter(pl.col("kind") == "customer").select("person", customer_id="id")
    return (
        mrr_changes.filter(pl.col("day").is_between(settings.first_day, settings.last_day))
        .join(customers, on="person")
        .with_columns(
            date="day",
            mrr_before=from_units(pl.col("before")),
            mrr_after=from_units(pl.col("after")),
            amount=from_units(pl.col("after") - pl.col("before")),
        )
        .select([column.name for column in table.all_columns])
    )
