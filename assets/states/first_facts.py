"""The first thing that happened to each person, in each source and month.

A person's first day and its channel and country come from here. What is undated (`customers`) is no fact.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.packing import PERSONS, person_number
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
        Column("channel", pl.String, "The channel that it names.", "channel", nullable=True),
        Column("country", pl.String, "The country that it names.", "country", nullable=True),
        Column("customer_id", pl.String, "For users: the customer that it names.", "id", nullable=True),
    ),
    partitioning="shard/month",
    unit="person",
    sources=("orders", "subscriptions", "events"),
)


def build(orders: pl.LazyFrame, subscriptions: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per person and source; of facts at the same instant the lowest id, then the first by what they name."""
    happened = orders.filter(pl.col("status").is_in(HAPPENED))
    of_customer = {"kind": pl.lit("customer"), "person": pl.col("customer")}
    of_customer_in_event = of_customer | {"shard": pl.col("customer_shard")}
    return pl.concat(
        [
            _first(happened, "orders", "ordered_at", pl.col("order_id"), of_customer),
            _first(subscriptions, "subscriptions", "effective_at", _subscription_order(), of_customer),
            _first(events, "events", "occurred_at", pl.col("event_id"), of_customer_in_event),
            _first(
                events, "events", "occurred_at", pl.col("event_id"), {"kind": pl.lit("user"), "person": pl.col("user")}
            ),
        ]
    )


def amended(before: pl.LazyFrame, gone: pl.LazyFrame, come: pl.LazyFrame) -> pl.LazyFrame:
    """The earlier of what was first and what came first. Who lost its first fact has another one, which is not known
    here; nor is whose id is the lower of two facts at one instant."""
    keys = [*OWNER, "source"]
    lost = gone.select(*keys, lost_at="at")
    both = pl.concat([before, come])
    first = both.filter(pl.col("at") == pl.col("at").min().over(keys))
    is_unsure = (pl.len().over(keys) > 1) | (pl.col("lost_at") <= pl.col("at")).fill_null(False)
    return first.join(lost, on=keys, how="left").with_columns(is_sure=~is_unsure)


def earliest(facts: pl.LazyFrame) -> pl.LazyFrame:
    """The earliest fact of each person of one shard over its sources: orders before subscriptions before events at a
    tie."""
    rank = pl.col("source").replace_strict({"orders": 0, "subscriptions": 1, "events": 2}, return_dtype=pl.Int64)
    moment = pl.col("at").to_physical() * len(table.sources) + rank
    return facts.filter(moment == moment.min().over(owner_number()))


def owner_number() -> pl.Expr:
    """A person of one shard as one number, by which it is found several times as fast as by its columns."""
    return (pl.col("kind") == "user").cast(pl.UInt64) * PERSONS + pl.col("person")


def _subscription_order() -> pl.Expr:
    """The order of subscription rows of one instant; what is missing comes first, then their place decides."""
    return pl.struct("updated_at", "change_id", "file", "row")


def _first(rows: pl.LazyFrame, source: str, at: str, tie: pl.Expr, owner: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    """The earliest row of each owner; of rows at the same instant the one with the lowest `tie`, then the first by what
    they name, wherever they were delivered: an event without an id may come again in another file."""
    facts = rows.select(
        "day",
        "channel",
        "country",
        "customer_id",
        **({"shard": pl.col("shard")} | dict(owner)),
        source=pl.lit(source),
        at=pl.col(at),
        tie=tie,
    )
    # All are of one kind.
    return (
        facts.filter(pl.col("at") == pl.col("at").min().over(person_number("shard", "person")))
        .sort("tie", "channel", "country", "customer_id")
        .unique(OWNER, keep="first", maintain_order=True)
        .select(column.name for column in table.all_columns)
    )
