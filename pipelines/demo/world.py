"""The made-up business, lived from the first day to the last: everything that happened, before anybody writes it down.

Here belongs the order in which its parts are made. What each part does belongs to its module.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.demo.contracts import Contracts, live
from pipelines.demo.orders import Orders, buy
from pipelines.demo.population import Population, customer_ids, make_population, user_ids
from pipelines.demo.seasons import Calendar, make_calendar
from pipelines.demo.standing import Standing, foresee
from pipelines.demo.usage import Usage, use_product


@dataclass(frozen=True, slots=True)
class World:
    """All that happened; customers and users are numbers, their ids are at those positions of the two series."""

    seed: int
    calendar: Calendar
    population: Population
    customer_id: pl.Series
    user_id: pl.Series
    contracts: Contracts
    orders: Orders
    standing: Standing
    usage: Usage


def make_world(customers: int, days: int, seed: int) -> World:
    """The same arguments make the same world."""
    calendar = make_calendar(days)
    population = make_population(customers, calendar, seed)
    customer_id = customer_ids(population)
    contracts = live(population, calendar, customer_id, seed)
    standing = foresee(population, contracts, calendar, seed)
    return World(
        seed,
        calendar,
        population,
        customer_id,
        user_ids(population),
        contracts,
        buy(population, calendar, seed),
        standing,
        use_product(population, standing, calendar, seed),
    )
