"""A made-up business as prepared states: what the kernels and their baselines read. Seeded, made shard by shard.

Three years of users with Zipf activity, a tenth as many orders as events and 84 changes of MRR for every 1,000 of them.
What can be drawn is drawn here; spans and segments are built from it by the product's own states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from assets.states import activity_spans, segment_spans
from warehouse import catalog
from warehouse.settings import Settings
from warehouse.store import Store

FIRST_DAY: Final = date(2023, 11, 1)
DAYS: Final = 1095
LAST_DAY: Final = FIRST_DAY + timedelta(days=DAYS - 1)
SHARDS: Final = 8
EVENTS_OF_A_USER: Final = 50
DIMENSIONS: Final = ("acquisition_channel", "country")
CHANNELS: Final = ("ads", "direct", "email", "organic", "partner", "social")
COUNTRIES: Final = ("AT", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "US")
PLANS: Final = ("basic", "plus", "pro", "team", "business")
_ZERO: Final = (FIRST_DAY - date(1970, 1, 1)).days
_STATE_ROW_GROUP: Final = 1 << 19


@dataclass(frozen=True)
class People:
    """The users of a shard, each a customer too: from when to when they are there, as days from FIRST_DAY on."""

    first: np.ndarray
    days: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def days_of(self, rng: np.random.Generator, people: np.ndarray) -> np.ndarray:
        """A day at random in the life of each of these people."""
        return (self.first[people] + rng.random(len(people)) * self.days[people]).astype(np.int64)


def settings(sources: frozenset[str], dimensions: tuple[str, ...] = ()) -> Settings:
    return Settings(FIRST_DAY, LAST_DAY, sources=sources, dimensions=dimensions)


def make(home: Path, events: int, seed: int, shards: int = SHARDS) -> None:
    """Writes the states of a business with so many events below `home`, as a warehouse holds them."""
    store = Store(home)
    for shard in range(shards):
        for table, rows in _shard(np.random.default_rng([seed, shard]), shard, events // shards):
            _write(store, table, shard, rows)


def _shard(rng: np.random.Generator, shard: int, events: int) -> Iterator[tuple[str, pl.DataFrame]]:
    people = _people(rng, max(20, events // EVENTS_OF_A_USER))
    user_days = _user_days(rng, people, events)
    yield "user_days", user_days
    order_days = _order_days(rng, people, events // 10)
    yield "order_days", order_days
    mrr_changes = _mrr_changes(rng, people, round(events * 0.084))
    yield "mrr_changes", mrr_changes
    yield "subscription_mrr", _subscription_mrr(mrr_changes)
    firsts = {
        "first_usage_day": _first(user_days),
        "first_order_day": _first(order_days),
        "first_subscription_day": _first(mrr_changes),
    }
    known = _known_people(rng, shard, len(people), firsts)
    yield "people", known
    both = settings(frozenset({"orders", "subscriptions"}), DIMENSIONS)
    none = pl.LazyFrame(schema={"person": pl.UInt32, "day": pl.Date})
    rates = pl.LazyFrame(schema={"currency": pl.String, "day": pl.Date, "rate": pl.Decimal(38, 6)})
    spans = activity_spans.build(order_days.lazy(), none, mrr_changes.lazy(), rates, both).collect()
    yield "activity_spans", spans
    plans = _plan_spans(mrr_changes)
    yield "plan_spans", plans
    tiers = _value_tiers(rng, known)
    segments = segment_spans.build(known.lazy(), spans.lazy(), plans.lazy(), tiers.lazy(), both).collect()
    yield "segment_spans", segments
    yield "segment_spans_all", segments.filter(pl.col("segment") == "all")


def _people(rng: np.random.Generator, count: int) -> People:
    first = (DAYS * rng.random(count) ** 0.8).astype(np.int64)
    stays = np.where(rng.random(count) < 0.2, DAYS, 1 + rng.exponential(220, count)).astype(np.int64)
    weight = 1.0 / (rng.permutation(count) + 20) ** 0.6
    return People(first, np.minimum(stays, DAYS - first), weight / weight.sum())


def _user_days(rng: np.random.Generator, people: People, events: int) -> pl.DataFrame:
    """One row per user and day with an event; each user has one on its first day."""
    who = np.concatenate([np.arange(len(people)), _drawn(rng, people, events - len(people))])
    when = people.days_of(rng, who)
    when[: len(people)] = people.first
    packed, counts = np.unique(who * DAYS + when, return_counts=True)
    return _dated(packed).with_columns(events=pl.Series(counts, dtype=pl.Int64))


def _order_days(rng: np.random.Generator, people: People, orders: int) -> pl.DataFrame:
    who = _drawn(rng, people, orders * 5 // 3)
    who = who[who % 5 < 3]
    when = people.days_of(rng, who)
    revenue = np.round(np.exp(rng.normal(3.5, 0.8, len(who))) * 100).astype(np.int64) * 100
    facts = pl.DataFrame({"packed": who * DAYS + when, "revenue": revenue})
    days = facts.group_by("packed").agg(orders=pl.len().cast(pl.Int64), revenue=pl.col("revenue").sum()).sort("packed")
    return pl.concat([_dated(days["packed"].to_numpy()), days.drop("packed")], how="horizontal").with_columns(
        _currency()
    )


def _mrr_changes(rng: np.random.Generator, people: People, changes: int) -> pl.DataFrame:
    """Customers with one subscription each, whose MRR moves between plans and to nothing and back."""
    who = rng.permutation(len(people))[: max(4, len(people) // 2)]
    moves = np.repeat(who, 1 + rng.poisson(changes / len(who), len(who)))
    packed = np.unique(
        moves * DAYS + people.first[moves] + (rng.random(len(moves)) * (DAYS - people.first[moves])).astype(np.int64)
    )
    plan = rng.integers(0, len(PLANS), len(packed))
    price = np.where(rng.random(len(packed)) < 0.15, 0, (plan + 1) * 120_000 + rng.integers(0, 5, len(packed)) * 10_000)
    rows = _dated(packed).with_columns(
        _currency(),
        after=pl.Series(price, dtype=pl.Int64),
        drawn=pl.Series(np.array(PLANS)[plan]),
        n=pl.int_range(pl.len()),
    )
    before, first = pl.col("after").shift(1).over("person").fill_null(0), pl.col("after").cum_max().over("person")
    movement = (
        pl.when(pl.col("after") == 0)
        .then(pl.lit("churn"))
        .when((pl.col("before") == 0) & (pl.col("paid") == 0))
        .then(pl.lit("new"))
        .when(pl.col("before") == 0)
        .then(pl.lit("reactivation"))
        .when(pl.col("after") > pl.col("before"))
        .then(pl.lit("expansion"))
        .otherwise(pl.lit("contraction"))
    )
    is_churn = pl.col("movement") == "churn"
    subscription = pl.format("sub-{}", "person")
    kinds = pl.Series(np.array(["voluntary", "involuntary", "paused", "unknown"])[rng.integers(0, 4, rows.height)])
    return (
        rows.with_columns(before=before, kind=kinds)
        .filter(pl.col("before") != pl.col("after"))
        .with_columns(paid=first.shift(1).over("person").fill_null(0))
        .with_columns(movement=movement)
        .with_columns(
            plan=pl.when(is_churn).then(pl.col("drawn").shift(1).over("person")).otherwise("drawn"),
            churn_type=pl.when(is_churn).then("kind"),
            churn_reason=pl.when(is_churn & (pl.col("n") % 3 == 0)).then(pl.lit("price")),
            subscription_left=pl.when(is_churn).then(subscription),
            mrr_left=pl.when(is_churn).then("before"),
        )
    )


def _subscription_mrr(mrr_changes: pl.DataFrame) -> pl.DataFrame:
    return mrr_changes.with_columns(
        pl.col("churn_type").fill_null("unknown"),
        subscription_id=pl.format("sub-{}", "person"),
        mrr="after",
        late_since=pl.lit(None, pl.Date),
        current_period_end=pl.lit(None, pl.Date),
        interval=pl.lit("month"),
        interval_count=pl.lit(1, pl.Int64),
    )


def _plan_spans(mrr_changes: pl.DataFrame) -> pl.DataFrame:
    plans = mrr_changes.select(
        "person", start_day="day", plan=pl.when(pl.col("after") > 0).then("plan").otherwise(pl.lit("none"))
    )
    return plans.filter((pl.col("plan") != pl.col("plan").shift(1).over("person")).fill_null(True))


def _value_tiers(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """A tier from the month after each customer's first fact on, and another one now and then."""
    customers = people.filter(pl.col("kind") == "customer").select("person", "first_day")
    again = customers.sample(fraction=0.6, seed=int(rng.integers(1 << 30)))
    later = [
        customers,
        *(again.with_columns(pl.col("first_day").dt.offset_by(f"{months}mo")) for months in (4, 11, 17)),
    ]
    tiers = pl.concat(later).select("person", start_day=pl.col("first_day").dt.month_start().dt.offset_by("1mo"))
    drawn = pl.Series(np.array(["high", "mid", "low"])[rng.integers(0, 3, tiers.height)])
    return tiers.with_columns(tier=drawn).sort("person", "start_day")


def _known_people(rng: np.random.Generator, shard: int, count: int, firsts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    channel, country = (rng.integers(0, len(names), count) for names in (CHANNELS, COUNTRIES))
    name = pl.format("user-{}-{}", pl.lit(shard), "person")
    people = (
        pl.DataFrame({"person": np.arange(count, dtype=np.uint32)})
        .with_columns(
            id=name,
            customer_id=name,
            acquisition_channel=pl.Series(np.array(CHANNELS)[channel]),
            country=pl.Series(np.array(COUNTRIES)[country]),
        )
        .with_columns(first_channel="acquisition_channel", first_country="country")
    )
    for name, days in firsts.items():
        people = people.join(days.rename({"day": name}), on="person", how="left")
    customers = people.with_columns(kind=pl.lit("customer"), first_day=pl.min_horizontal(list(firsts)))
    users = people.with_columns(kind=pl.lit("user"), first_day=pl.col("first_usage_day")).with_columns(
        first_order_day=pl.lit(None, pl.Date), first_subscription_day=pl.lit(None, pl.Date)
    )
    return pl.concat([customers, users])


def _drawn(rng: np.random.Generator, people: People, count: int) -> np.ndarray:
    """People at random, the busy ones more often."""
    return np.searchsorted(np.cumsum(people.weight), rng.random(max(0, count))).clip(max=len(people) - 1)


def _dated(packed: np.ndarray) -> pl.DataFrame:
    person, day = np.divmod(packed, DAYS)
    return pl.DataFrame({"person": person.astype(np.uint32), "day": (day + _ZERO).astype(np.int32)}).with_columns(
        pl.col("day").cast(pl.Date)
    )


def _currency() -> pl.Expr:
    return pl.when(pl.col("person") % 4 == 0).then(pl.lit("USD")).otherwise(pl.lit("EUR")).alias("currency")


def _first(days: pl.DataFrame) -> pl.DataFrame:
    return days.group_by("person").agg(pl.col("day").min())


def _write(store: Store, name: str, shard: int, rows: pl.DataFrame) -> None:
    """The files of one shard, with the columns, types and order of the state that it is."""
    table = catalog.load()[name.removesuffix("_all")].table
    rows = rows.with_columns(shard=pl.lit(shard, pl.UInt16))
    ordered = rows.select(pl.col(column.name).cast(column.dtype) for column in table.all_columns)
    ordered = ordered.sort(column.name for column in table.grain)
    place = f"shard={shard:02d}"
    if table.partitioning != "shard/month":
        store.write("states", name, place, ordered, table.arrow_schema(), row_group_size=_STATE_ROW_GROUP)
        return
    months = ordered.with_columns(month=pl.col("day").dt.strftime("%Y-%m")).partition_by("month", as_dict=True)
    for (month,), part in months.items():
        part = part.drop("month")
        store.write(
            "states", name, f"{place}/month={month}", part, table.arrow_schema(), row_group_size=_STATE_ROW_GROUP
        )


def recipe() -> str:
    """What a business made by this file is known by: another file makes another business."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
