"""Who there is: users and customers, since when, and what stays the same about them."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.states.first_facts import OWNER, earliest, owner_number
from warehouse.settings import Settings
from warehouse.table import UNKNOWN, Column, Remembered, Table

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
        Column("first_channel", pl.String, "The channel that the first fact names.", "channel", nullable=True),
        Column("first_country", pl.String, "The country that the first fact names.", "country", nullable=True),
    ),
    partitioning="shard",
    unit="person",
    looks_up={"customers": "customer_id"},
    sources=("orders", "subscriptions", "events"),
)


def build(first_facts: pl.LazyFrame, person_codes: pl.LazyFrame, all_customers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per person of the shard that has a fact."""
    of_source = {
        name: pl.when(pl.col("source") == source).then("day").alias(name) for name, source in _SOURCE_DAYS.items()
    }
    days = first_facts.select(owner_number().alias("owner"), first_day="day", **of_source)
    first_days = days.group_by("owner").agg(pl.all().min())
    attributes = all_customers.select("customer_id", stated_channel=pl.col("channel"), stated_country=pl.col("country"))
    return (
        earliest(first_facts)
        .with_columns(owner=owner_number())
        .join(first_days, on="owner")
        .join(person_codes.rename({"code": "person"}), on=["kind", "person"])
        .join(attributes, on="customer_id", how="left")
        .rename({"channel": "first_channel", "country": "first_country"})
        .with_columns(
            acquisition_channel=pl.coalesce("stated_channel", "first_channel", pl.lit(UNKNOWN)),
            country=pl.coalesce("stated_country", "first_country", pl.lit(UNKNOWN)),
        )
    )


def first_facts_before(people: pl.LazyFrame, day: date, settings: Settings) -> pl.LazyFrame:
    """What the rows still say of first facts before a day, as rows of that state: `build` makes the same of them. Each
    names what the person's very first fact did: no other is asked for it."""
    del settings
    of_first = {"channel": "first_channel", "country": "first_country"}
    return pl.concat(
        people.filter(pl.col(name) < day).select(
            *OWNER,
            "customer_id",
            source=pl.lit(source),
            day=pl.col(name),
            at=pl.col(name).cast(pl.Datetime("us", "UTC")),
            **{column: pl.col(kept) for column, kept in of_first.items()},
        )
        for name, source in _SOURCE_DAYS.items()
    )


REMEMBERED = {"first_facts": Remembered(first_facts_before)}
