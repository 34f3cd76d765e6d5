"""What people say of their first facts stands for the facts themselves, wherever those are cut."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from assets.states import first_facts, people
from warehouse.contract import CONTRACTS
from warehouse.settings import Settings

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
CUSTOMERS = pl.LazyFrame({"customer_id": ["c1", "c2"], "channel": ["ads", None], "country": [None, "FR"]})


def facts_of_many(seed: int) -> pl.DataFrame:
    """One fact of each person, source and month, some of them at the same instant."""
    rng = np.random.default_rng(seed)
    drawn = pl.DataFrame(
        {
            "shard": 0,
            "kind": rng.choice(["user", "customer"], 400),
            "person": rng.integers(0, 15, 400),
            "source": rng.choice(["orders", "subscriptions", "events"], 400),
            "at": [BEGIN + timedelta(hours=int(hour)) for hour in rng.integers(0, 2_000, 400) // 12 * 12],
            "channel": rng.choice(["ads", "mail", ""], 400),
            "country": rng.choice(["DE", "US", ""], 400),
            "customer_id": rng.choice(["c1", "c2", "c3", ""], 400),
        },
        schema_overrides={"shard": pl.UInt16, "person": pl.UInt32},
    )
    texts = pl.col("channel", "country", "customer_id")
    named = drawn.with_columns(pl.when(texts != "").then(texts), day=pl.col("at").dt.date())
    month = pl.col("day").dt.month()
    of_users = (pl.col("kind") == "customer") | (pl.col("source") == "events")
    return named.filter(of_users).sort("at").unique(["shard", "kind", "person", "source", month], keep="first")


def built(facts: pl.LazyFrame) -> pl.DataFrame:
    owners = [(kind, code, f"{kind}{code}") for kind in ("user", "customer") for code in range(15)]
    codes = pl.LazyFrame(owners, schema={"kind": pl.String, "code": pl.UInt32, "id": pl.String}, orient="row")
    rows = people.build(facts, codes, CUSTOMERS).select("shard", *(column.name for column in people.table.all_columns))
    return rows.sort("shard", "kind", "person").collect()


@pytest.mark.parametrize("seed", range(4))
def test_facts_before_any_day_follow_from_people(seed: int) -> None:
    facts = facts_of_many(seed)
    everybody = built(facts.lazy())
    assert everybody.height > 20
    assert set(first_facts.table.polars_schema()) == set(facts.columns)
    for day in (date.min, date(2024, 1, 9), date(2024, 2, 1), date(2024, 2, 20), date.max):
        before = people.first_facts_before(everybody.lazy(), day, Settings(day, day))
        later = facts.lazy().filter(pl.col("day") >= day)
        assert built(pl.concat([before, later], how="diagonal")).equals(everybody), day
        earlier = facts.filter(pl.col("day") < day).unique(["kind", "person", "source"])
        assert before.collect().height == earlier.height


FACTS = {
    "shard": pl.UInt16,
    "kind": pl.String,
    "person": pl.UInt32,
    "source": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "channel": pl.String,
    "country": pl.String,
    "customer_id": pl.String,
}


def test_the_first_fact_of_all_gives_channel_and_country_where_customers_do_not() -> None:
    """Orders come before events at a tie, but not a microsecond later; a user with a customer's code is another one."""
    instant = timedelta(microseconds=1)
    facts = [
        (0, "customer", 0, "events", BEGIN, "mail", "US", "c1"),
        (0, "customer", 0, "orders", BEGIN, "shop", "DE", "c1"),
        (0, "customer", 1, "subscriptions", BEGIN + timedelta(days=1), None, "IT", "c2"),
        (0, "customer", 1, "events", BEGIN + timedelta(days=2), "mail", "US", "c2"),
        (0, "customer", 2, "events", BEGIN, "seen", "ES", "c3"),
        (0, "customer", 2, "orders", BEGIN + instant, "shop", "DE", "c3"),
        (0, "user", 0, "events", BEGIN - instant, "mine", "PT", "c3"),
    ]
    rows = pl.LazyFrame(facts, schema=FACTS, orient="row").with_columns(day=pl.col("at").dt.date())
    told = built(rows).select("kind", "person", "first_channel", "first_country", "acquisition_channel", "country")
    assert told.rows() == [
        ("customer", 0, "shop", "DE", "ads", "DE"),
        ("customer", 1, None, "IT", "unknown", "FR"),
        ("customer", 2, "seen", "ES", "seen", "ES"),
        ("user", 0, "mine", "PT", "mine", "PT"),
    ]


@pytest.mark.parametrize("column", ["channel", "country", "customer_id"])
def test_of_events_of_one_instant_the_first_is_the_same_wherever_they_were_delivered(column: str) -> None:
    """They have no id and differ in one column alone: a comes before b."""
    empty = {name: pl.LazyFrame(schema=contract.table.polars_schema()) for name, contract in CONTRACTS.items()}
    orders, subscriptions = (
        empty[name].with_columns(shard=pl.lit(0, pl.UInt16)) for name in ("orders", "subscriptions")
    )
    found = []
    for values in (["a", "b"], ["b", "a"]):
        events = pl.DataFrame(
            {
                "file": "a.csv",
                "row": [2, 3],
                "user_id": "u",
                "user": 0,
                "shard": 0,
                "occurred_at": BEGIN,
                "day": BEGIN.date(),
                column: values,
            },
            schema_overrides={"user": pl.UInt32, "shard": pl.UInt16, "occurred_at": pl.Datetime("us", "UTC")},
        )
        rows = pl.concat([empty["events"], events.lazy()], how="diagonal")
        found.append(first_facts.build(orders, subscriptions, rows).filter(kind="user").collect())
    assert found[0].equals(found[1])
    assert found[0][column].to_list() == ["a"]
