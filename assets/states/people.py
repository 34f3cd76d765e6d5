"""Who there is: users and customers, since when, and what stays the same about them."""

from __future__ import annotations

import polars as pl

from assets.states.first_facts import OWNER, earliest
from warehouse.table import UNKNOWN, Column, Table

_SOURCE_DAYS = {
    "first_order_day": "orders",
    "first_subscription_day": "subscriptions",
    "first_usage_day": "events",
}

table = Table(
    name="people",
    description="Users and customers with a fact: their ids, codes, first days, channel and country.",
    layer="states",
    grain=(
        Column(
            "kind", pl.String, "user (of events) or customer (of any source).", "kind", allowed=("user", "customer")
        ),
        Column("person", pl.UInt32, "The person's code in its shard.", "code"),
    ),
    columns=(
        Column("id", pl.String, "The user_id or customer_id.", "id"),
        Column("first_day", pl.Date, "The day of the first fact in any source.", "day"),
        *(
            Column(name, pl.Date, f"The day of the first fact in {source}.", "day", nullable=True)
            for name, source in _SOURCE_DAYS.items()
        ),
        Column("acquisition_channel", pl.String, "The channel in customers, else that of the first fact.", "channel"),
        Column("country", pl.String, "The country in customers, else that of the first fact.", "country"),
        Column("customer_id", pl.String, "Whose attributes count: for users, of the first fact.", "id", nullable=True),
    ),
    partitioning="shard",
    unit="person",
    looks_up={"customers": "customer_id"},
    sources=("orders", "subscriptions", "events"),
)


def build(first_facts: pl.LazyFrame, person_codes: pl.LazyFrame, all_customers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per person of the shard that has a fact."""
    first_days = first_facts.group_by(OWNER).agg(
        first_day=pl.col("day").min(),
        **{name: pl.col("day").filter(pl.col("source") == source).min() for name, source in _SOURCE_DAYS.items()},
    )
    attributes = all_customers.select("customer_id", stated_channel=pl.col("channel"), stated_country=pl.col("country"))
    return (
        earliest(first_facts)
        .join(first_days, on=list(OWNER))
        .join(person_codes.rename({"code": "person"}), on=["kind", "person"])
        .join(attributes, on="customer_id", how="left")
        .with_columns(
            acquisition_channel=pl.coalesce("stated_channel", "channel", pl.lit(UNKNOWN)),
            country=pl.coalesce("stated_country", "country", pl.lit(UNKNOWN)),
        )
    )
