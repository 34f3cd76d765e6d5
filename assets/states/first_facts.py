"""The first thing that happened to each person, in each source and month.

A person's first day and its channel and country come from here. What is undated (`customers`) is no fact.
"""

from __future__ import annotations

import polars as pl

from assets.states.order_days import HAPPENED
from warehouse.table import Column, Table

OWNER = ("kind", "shard", "person")

table = Table(
    name="first_facts",
    description="The earliest fact of each person in each source and calendar month.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the person.", "shard"),
        Column("kind", pl.String, "user or customer.", "kind", allowed=("user", "customer")),
        Column("person", pl.UInt32, "The person's code in its shard.", "code"),
        Column("source", pl.String, "Where the fact comes from.", "source"),
        Column("day", pl.Date, "Its business day.", "day"),
    ),
    columns=(
        Column("at", pl.Datetime("us", "UTC"), "When it happened.", "UTC"),
        Column("fact_id", pl.String, "The id of the order, change or event.", "id", nullable=True),
        Column("channel", pl.String, "The channel that it names.", "channel", nullable=True),
        Column("country", pl.String, "The country that it names.", "country", nullable=True),
        Column("customer_id", pl.String, "For users: the customer that it names.", "id", nullable=True),
    ),
    partitioning="shard/month",
    sources=("orders", "subscriptions", "events"),
)


def build(orders: pl.LazyFrame, subscriptions: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per person and source; of facts at the same instant the lowest id."""
    happened = orders.filter(pl.col("status").is_in(HAPPENED))
    subscription_fact = pl.coalesce("change_id", "subscription_id")
    facts = [
        _first(_facts(happened, "customer", "orders", "customer", pl.col("shard"), "ordered_at", pl.col("order_id"))),
        _first(
            _facts(
                subscriptions, "customer", "subscriptions", "customer", pl.col("shard"), "effective_at", subscription_fact
            )
        ),
        _first(
            _facts(
                events, "customer", "events", "customer", pl.col("customer_shard"), "occurred_at", pl.col("event_id")
            )
        ),
        _first(_facts(events, "user", "events", "user", pl.col("shard"), "occurred_at", pl.col("event_id"))),
    ]
    return pl.concat(facts)


def earliest(facts: pl.LazyFrame) -> pl.LazyFrame:
    """The earliest fact of each person over all its sources: orders before subscriptions before events at a tie."""
    rank = pl.col("source").replace_strict({"orders": 0, "subscriptions": 1, "events": 2}, return_dtype=pl.Int8)
    return (
        facts.with_columns(rank=rank)
        .sort(*OWNER, "at", "rank", "fact_id", nulls_last=False)
        .unique(OWNER, keep="first", maintain_order=True)
        .drop("rank")
    )


def _facts(
    rows: pl.LazyFrame, kind: str, source: str, person: str, shard: pl.Expr, at: str, fact_id: pl.Expr
) -> pl.LazyFrame:
    return rows.select(
        shard=shard.cast(pl.UInt16),
        kind=pl.lit(kind),
        person=pl.col(person),
        source=pl.lit(source),
        day=pl.col("day"),
        at=pl.col(at),
        fact_id=fact_id,
        channel=pl.col("channel"),
        country=pl.col("country"),
        customer_id=pl.col("customer_id"),
    )


def _first(facts: pl.LazyFrame) -> pl.LazyFrame:
    owner = [*OWNER, "source"]
    return (
        facts.filter(pl.col("at") == pl.col("at").min().over(owner))
        .sort(*owner, "fact_id", "channel", "country", "customer_id")
        .unique(owner, keep="first", maintain_order=True)
    )
