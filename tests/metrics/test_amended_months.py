"""A month of a state from the rows it had and what moved is the month computed whole, as far as it says it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from assets.states import first_facts, order_days, role_days, usage_days, user_days
from warehouse.contract import CONTRACTS
from warehouse.settings import Settings

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
SETTINGS = Settings(
    BEGIN.date(), BEGIN.date(), roles={"login": ("in",), "ticket": ("help",), "nps": ("rated",), "csat": ("rated",)}
)
Rows = Mapping[str, pl.DataFrame]


def drawn(rng: np.random.Generator, count: int, first: int) -> Rows:
    """So many events and orders of a few persons at a few instants of a month; ids begin with the number `first`."""
    ids = range(first, first + count)
    at = [BEGIN + timedelta(hours=int(hour)) for hour in rng.integers(0, 24 * 31, count) // 16 * 16]
    said = {
        "file": "a.csv",
        "row": list(ids),
        "customer_id": "c",
        "customer": rng.integers(0, 6, count),
        "day": [one.date() for one in at],
        "channel": rng.choice(["ads", "mail"], count),
        "is_current": True,
    }
    events = said | {
        "event_id": [f"e{rng.integers(0, 100):02}{one}" for one in ids],
        "user_id": "u",
        "user": rng.integers(0, 6, count),
        "customer_shard": rng.integers(0, 2, count),
        "occurred_at": at,
        "event_name": rng.choice(["in", "help", "rated", "other"], count, p=[0.5, 0.2, 0.2, 0.1]),
        "value": [str(one) for one in rng.integers(0, 11, count)],
    }
    orders = said | {
        "order_id": [f"o{rng.integers(0, 100):02}{one}" for one in ids],
        "ordered_at": at,
        "status": rng.choice(["paid", "refunded", "pending"], count),
        "amount": [str(one) for one in rng.choice([0, 5, 7], count)],
        "refunded_amount": "0",
        "tax_amount": "0",
        "shipping_amount": "0",
        "discount_amount": "0",
        "currency": rng.choice(["EUR", "USD"], count),
    }
    return {"events": of_source("events", events), "orders": of_source("orders", orders)}


def of_source(source: str, told: Mapping[str, object]) -> pl.DataFrame:
    schema = CONTRACTS[source].table.polars_schema()
    frame = pl.DataFrame({name: values for name, values in told.items() if name in schema})
    cast = frame.with_columns(pl.col(name).cast(schema[name]) for name in frame.columns)
    return pl.concat([pl.DataFrame(schema=schema), cast], how="diagonal").with_columns(shard=pl.lit(0, pl.UInt16))


def first_facts_of(rows: Rows) -> pl.LazyFrame:
    subscriptions = of_source("subscriptions", {})
    return first_facts.build(rows["orders"].lazy(), subscriptions.lazy(), rows["events"].lazy())


BUILD: Mapping[str, Callable[[Rows], pl.LazyFrame]] = {
    "first_facts": first_facts_of,
    "order_days": lambda rows: order_days.build(rows["orders"].lazy()),
    "role_days": lambda rows: role_days.build(rows["events"].lazy(), SETTINGS),
    "usage_days": lambda rows: usage_days.build(rows["events"].lazy()),
    "user_days": lambda rows: user_days.build(rows["events"].lazy()),
}
MODULES = {module.table.name: module for module in (first_facts, order_days, role_days, usage_days, user_days)}


def moved(seed: int) -> tuple[Rows, Rows, Rows, Rows]:
    """The rows before, those of them that went, those that came, and the rows after."""
    rng = np.random.default_rng(seed)
    before, come = drawn(rng, 150, 0), drawn(rng, 25, 1_000)
    goes = {source: pl.Series(rng.random(rows.height) < 0.1) for source, rows in before.items()}
    gone = {source: rows.filter(goes[source]) for source, rows in before.items()}
    after = {source: pl.concat([rows.filter(~goes[source]), come[source]]) for source, rows in before.items()}
    return before, gone, come, after


def sides_of(state: str, seed: int) -> list[pl.DataFrame]:
    schema = MODULES[state].table.polars_schema()
    columns = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    return [BUILD[state](rows).select(columns).collect() for rows in moved(seed)]


def amended(state: str, before: pl.DataFrame, gone: pl.DataFrame, come: pl.DataFrame) -> pl.DataFrame:
    found: pl.LazyFrame = MODULES[state].amended(before.lazy(), gone.lazy(), come.lazy())
    return found.collect()


@pytest.mark.parametrize("state", BUILD)
@pytest.mark.parametrize("seed", range(8))
def test_who_is_sure_has_the_rows_of_the_month_computed_whole(state: str, seed: int) -> None:
    before, gone, come, after = sides_of(state, seed)
    found = amended(state, before, gone, come)
    owner = [name for name in ("shard", "person", "source") if name in found.columns]
    unsure = found.filter(~pl.col("is_sure")).select(owner).unique()
    told, whole = (
        rows.join(unsure, on=owner, how="anti").select(after.columns).sort(after.columns) for rows in (found, after)
    )
    assert told.equals(whole)
    assert whole.height > 3
    if state in ("order_days", "usage_days", "user_days"):
        assert unsure.is_empty()
        assert found.height < before.height + come.height


@pytest.mark.parametrize("seed", range(8))
def test_a_first_fact_is_unsure_where_it_went_or_another_happened_at_once(seed: int) -> None:
    keys = ["kind", "shard", "person", "source"]
    before, gone, come, _ = sides_of("first_facts", seed)
    at = [dict(zip(rows.select(keys).rows(), rows["at"], strict=True)) for rows in (before, gone, come)]
    expected = {}
    for key in at[0].keys() | at[2].keys():
        was, lost, new = (side.get(key) for side in at)
        first = min(one for one in (was, new) if one is not None)
        expected[key] = was != new and (lost is None or lost > first)
    found = amended("first_facts", before, gone, come)
    assert dict(zip(found.select(keys).rows(), found["is_sure"], strict=True)) == expected
    assert set(expected.values()) == {True, False}


@pytest.mark.parametrize("seed", range(8))
def test_of_several_answers_on_a_day_it_is_not_known_which_was_the_last(seed: int) -> None:
    keys = ["shard", "person", "day", "role"]
    sides = sides_of("role_days", seed)[:3]
    answers = [row for rows in sides for row in rows.drop_nulls("score").select(keys).rows()]
    found = amended("role_days", *sides)
    unsure = set(found.filter(~pl.col("is_sure")).select(keys).rows())
    assert unsure == {row for row in answers if answers.count(row) > 1}
    assert not found.is_empty()
