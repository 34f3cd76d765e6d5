"""One-off purchases: who orders again, when, for how much, and what is refunded, cancelled or pending.

Here belong the orders as they happened, in all their versions. Broken rows belong to `dirt`, files to `files`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.population import Flags, Ints, Population
from pipelines.demo.seasons import Calendar, is_shopping_season, stream

DAY = 86_400
STATUSES = ("paid", "refunded", "cancelled", "pending")
PAID, REFUNDED, CANCELLED, PENDING = range(4)


@dataclass(frozen=True, slots=True)
class Orders:
    """`versions`: a row per delivered version; `repeats`: per customer its first day and if another order followed.

    Columns of versions: order (number), customer, second (of the calendar), cents, refunded_cents (null where the row
    has none), status (position in STATUSES), updated (second), is_last (the version that counts).
    """

    versions: pl.DataFrame
    repeats: pl.DataFrame


def buy(population: Population, calendar: Calendar, seed: int) -> Orders:
    """All orders of the customers of the shop."""
    chance = stream(seed, "orders")
    customer, day, rank = _order_days(population, calendar, chance)
    again = chance.random(len(day)) < planted.SAME_DAY_SECOND_ORDER
    customer, day = np.r_[customer, customer[again]], np.r_[day, day[again]]
    rank = np.r_[rank, rank[again] + 1_000_000]
    order = np.lexsort((rank, customer, day))
    customer, day, rank = customer[order], day[order], rank[order]
    second = day * DAY + _shop_second(chance, len(day))
    return Orders(_versions(population, calendar, chance, customer, second, rank == 0), _repeats(customer, day, rank))


def _order_days(population: Population, calendar: Calendar, chance: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """The days each customer orders on: the first on its first day, then again with a chance of its own about its
    channel's, at a rate of its own."""
    who = np.flatnonzero(population.has_shop)
    day, rank = population.first_day[who], 0
    share = np.array(planted.CHANNEL_REPEAT)[population.channel]
    repeat = chance.beta(planted.REPEAT_CONCENTRATION * share, planted.REPEAT_CONCENTRATION * (1 - share))
    rate = chance.gamma(planted.ORDER_RATE_SHAPE, 1 / planted.ORDER_RATE_SHAPE, len(share))
    mean_gap = planted.ORDER_GAP_MEAN_DAYS / rate
    most = planted.ORDER_GAP_MOST_DAYS - 1
    shifted = _calendar_pull(calendar)
    customers, days, ranks = [who], [day], [np.zeros_like(who)]
    while len(who):
        goes_on = chance.random(len(who)) < repeat[who]
        who, day, rank = who[goes_on], day[goes_on], rank + 1
        # An exponential gap that is known to be under the most there is.
        reach = 1 - np.exp(-most / mean_gap[who])
        gap = 1 + np.minimum(-mean_gap[who] * np.log1p(-chance.random(len(who)) * reach), most)
        day = day + gap.astype(np.int64)
        inside = day < calendar.days
        who, day = who[inside], day[inside]
        is_pulled = chance.random(len(who)) < 0.5
        day = np.where(is_pulled, shifted[day], day)
        inside = day < calendar.days
        who, day = who[inside], day[inside]
        customers.append(who)
        days.append(day)
        ranks.append(np.full(len(who), rank))
    return np.concatenate(customers), np.concatenate(days), np.concatenate(ranks)


def _calendar_pull(calendar: Calendar) -> Ints:
    """Where half of the orders of a day wait to: autumn for the sales, Saturday and Sunday for Monday."""
    target = np.arange(calendar.days, dtype=np.int64)
    for day in range(calendar.days):
        date = calendar.date_of(day)
        if date.month == 11 and not is_shopping_season(date):
            target[day] = day + (20 - date.day)
        elif date.weekday() >= 5:
            target[day] = day + 7 - date.weekday()
    return target


def _shop_second(chance: np.random.Generator, count: int) -> Ints:
    """Seconds of the day, around two in the afternoon."""
    hour = np.clip(chance.normal(14.0, 4.5, count), 0.0, 23.9)
    return (hour * 3600).astype(np.int64)


def _versions(
    population: Population,
    calendar: Calendar,
    chance: np.random.Generator,
    customer: Ints,
    second: Ints,
    is_first: Flags,
) -> pl.DataFrame:
    """Each order as first delivered, and again where its payment came later or it was refunded."""
    count, end = len(customer), calendar.days * DAY
    cents = _amounts(population, chance, customer)
    draw, refund = chance.random(count), chance.random(count)
    is_cancelled = (draw < planted.CANCELLED_ORDER) & ~is_first
    is_late = ~is_cancelled & (draw > 1 - planted.PENDING_FIRST)
    stays_pending = ~is_first & (draw > 1 - planted.PENDING_STAYS)
    paid_at = second + chance.integers(3_600, 2 * DAY, count)
    is_late &= paid_at < end
    is_waiting = is_late | stays_pending
    wait = chance.integers(planted.REFUND_DAYS[0] * DAY, planted.REFUND_DAYS[1] * DAY, count)
    refunded_at = second + 2 * DAY + wait
    is_refunded = (refund < planted.REFUND) & ~is_cancelled & ~stays_pending & (refunded_at < end)
    in_full = refund < planted.REFUND * planted.REFUND_IN_FULL
    part = cents * chance.integers(20, 80, count) // 100
    no_refund = np.full(count, -1, dtype=np.int64)
    first_status = np.where(is_cancelled, CANCELLED, np.where(is_waiting, PENDING, PAID))
    number = np.arange(count, dtype=np.int64)

    def version(chosen: Flags, status: Ints, updated: Ints, refunded: Ints) -> NDArray[np.int64]:
        columns = (number, customer, second, cents, refunded, status, updated)
        return np.stack([column[chosen] for column in columns], axis=1)

    rows = np.concatenate(
        [
            version(np.ones(count, dtype=np.bool_), first_status, second + 60, no_refund),
            version(is_late & ~stays_pending, np.full(count, PAID), paid_at, no_refund),
            version(is_refunded, np.full(count, REFUNDED), refunded_at, np.where(in_full, -1, part)),
        ]
    )
    names = ["order", "customer", "second", "cents", "refunded_cents", "status", "updated"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64)).sort("updated", "order", maintain_order=True)
    return frame.with_columns(
        pl.when(pl.col("refunded_cents") >= 0).then(pl.col("refunded_cents")).alias("refunded_cents"),
        (pl.col("updated") == pl.col("updated").max().over("order")).alias("is_last"),
    )


def _amounts(population: Population, chance: np.random.Generator, customer: Ints) -> Ints:
    median = np.array(planted.ORDER_MEDIAN_CENTS)[population.currency[customer]]
    cents = np.maximum(np.rint(median * np.exp(chance.normal(0.0, planted.ORDER_AMOUNT_SPREAD, len(customer)))), 100)
    return np.asarray(np.where(chance.random(len(customer)) < planted.FREE_ORDER, 0, cents), dtype=np.int64)


def _repeats(customer: Ints, day: Ints, rank: Ints) -> pl.DataFrame:
    """Columns customer, first_day, is_repeating: an order after the first one's, cancelled or not."""
    orders = pl.DataFrame({"customer": customer, "day": day, "rank": rank})
    return (
        orders.group_by("customer")
        .agg(pl.col("day").min().alias("first_day"), (pl.col("rank") % 1_000_000).max().gt(0).alias("is_repeating"))
        .sort("customer")
    )
