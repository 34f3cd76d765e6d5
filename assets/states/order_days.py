"""On which days each customer ordered, and what it brought in."""

from __future__ import annotations

import polars as pl

from assets.daily_counts import added_up
from assets.money import net_revenue
from warehouse.table import Column, Table

HAPPENED = ("paid", "refunded")

table = Table(
    name="order_days",
    description="Days on which each customer ordered in each currency; cancelled and pending orders never happened.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the customer.", "shard"),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("day", pl.Date, "The business day of the orders.", "day"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
    ),
    columns=(
        Column("orders", pl.Int64, "Orders of the day.", "orders", minimum=1),
        Column("revenue", pl.Int64, "Net revenue of these orders.", "1/10000 of the currency"),
    ),
    partitioning="shard/month",
    unit="person",
    sources=("orders",),
)


def build(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer, day and currency with an order; each order is rounded once, then summed."""
    return (
        orders.filter(pl.col("status").is_in(HAPPENED))
        .with_columns(revenue=net_revenue())
        .group_by("shard", pl.col("customer").alias("person"), "day", "currency")
        .agg(orders=pl.len().cast(pl.Int64), revenue=pl.col("revenue").sum())
    )


def amended(before: pl.LazyFrame, gone: pl.LazyFrame, come: pl.LazyFrame) -> pl.LazyFrame:
    """Orders and their revenue add up."""
    return added_up(before, gone, come, ["shard", "person", "day", "currency"], ["orders", "revenue"])
