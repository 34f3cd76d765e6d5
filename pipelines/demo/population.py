"""Who there is: customers with their channel, country and first day, and the users who belong to them.

Here belong the people and their fixed attributes. What they sign, buy or use belongs to the modules after this one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.seasons import Calendar, stream

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Population:
    """Customers are numbered 0..n-1, users 0..m-1; channel, country and currency are positions in `planted`."""

    channel: Ints
    country: Ints
    currency: Ints
    first_day: Ints
    has_contract: Flags
    has_shop: Flags
    user_customer: Ints
    user_first_day: Ints
    user_factor: NDArray[np.float32]

    @property
    def customers(self) -> int:
        return len(self.channel)

    @property
    def users(self) -> int:
        return len(self.user_customer)


def make_population(customers: int, calendar: Calendar, seed: int) -> Population:
    """Everybody of the made-up business; each customer has a contract, orders, or both from its first day on."""
    chance = stream(seed, "population")
    country = choose(chance, planted.COUNTRY_SHARES, customers)
    weights = calendar.signups / calendar.signups.sum()
    first_day = np.sort(choose(chance, tuple(weights.tolist()), customers))
    has_contract = chance.random(customers) < planted.HAS_CONTRACT_SHARE
    has_shop = ~has_contract | (chance.random(customers) < planted.HAS_SHOP_SHARE_OF_CONTRACTS)
    channel = choose(chance, planted.CHANNEL_SHARES, customers)
    user_customer, user_first_day = _users(chance, first_day, calendar.days)
    spread = planted.USER_SPREAD
    factor = np.exp(chance.normal(-spread * spread / 2, spread, len(user_customer))).astype(np.float32)
    currency = np.array(planted.COUNTRY_CURRENCY, dtype=np.int64)[country]
    return Population(
        channel, country, currency, first_day, has_contract, has_shop, user_customer, user_first_day, factor
    )


def customer_ids(population: Population) -> pl.Series:
    """The id of each customer, in order: leading zeros are part of it."""
    return numbered("C", population.customers, 6)


def user_ids(population: Population) -> pl.Series:
    return numbered("U", population.users, 7)


def numbered(prefix: str, count: int, width: int, name: str = "id") -> pl.Series:
    """`prefix` and the numbers 1..count, padded to `width`."""
    numbers = pl.int_range(1, count + 1, eager=True).cast(pl.String).str.zfill(width)
    return (prefix + numbers).alias(name)


def money(column: str) -> pl.Expr:
    """Cents as text with two decimals; null stays null."""
    cents = pl.col(column)
    return pl.format("{}.{}", cents // 100, (cents % 100).cast(pl.String).str.zfill(2)).alias(column)


def _users(chance: np.random.Generator, first_day: Ints, days: int) -> tuple[Ints, Ints]:
    """The customer and first day of each user: one from the start, colleagues later, none after the last day."""
    count = choose(chance, planted.USERS_PER_CUSTOMER, len(first_day)) + 1
    customer = np.repeat(np.arange(len(first_day), dtype=np.int64), count)
    is_first = np.r_[True, customer[1:] != customer[:-1]]
    delay = chance.exponential(planted.LATER_USER_DELAY_DAYS, len(customer)).astype(np.int64)
    start = first_day[customer] + np.where(is_first, 0, delay)
    kept = start < days
    return customer[kept], start[kept]


def choose(chance: np.random.Generator, shares: tuple[float, ...], size: int) -> Ints:
    """Positions drawn with these shares."""
    edges = np.cumsum(shares)
    return np.minimum(np.searchsorted(edges / edges[-1], chance.random(size), side="right"), len(shares) - 1)
