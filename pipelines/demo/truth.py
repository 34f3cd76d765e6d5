"""The truth about the made-up business, in a form that measured tables can be compared with.

Here belongs the shape of `truth.json`. What its numbers mean is in `definitions`, booked facts are summed in `ledgers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from pipelines.demo import ledgers, planted
from pipelines.demo.books import MOVEMENTS
from pipelines.demo.chances import Floats
from pipelines.demo.contracts import Contracts
from pipelines.demo.definitions import DEFINITIONS
from pipelines.demo.orders import Orders
from pipelines.demo.population import Ints, Population
from pipelines.demo.seasons import Calendar
from pipelines.demo.terms import Loss
from pipelines.demo.usage import Usage
from pipelines.demo.world import World

Json = dict[str, Any]
SETTLED_DAYS = planted.ORDER_GAP_MOST_DAYS + planted.HOLIDAY_SHIFT_MOST_DAYS


def tell(world: World) -> Json:
    """All of `truth.json` but its dirt and rows."""
    population, contracts, orders = world.population, world.contracts, world.orders
    usage, calendar = world.usage, world.calendar
    churn = _expected_churn(population, contracts)
    total = [row for row in churn if row["segment"] == "all"]
    hazard = sum(row["expected"] for row in total) / max(1, total[0]["at_risk_days"])
    return {
        "format": 1,
        "seed": world.seed,
        "customers": population.customers,
        "users": population.users,
        "days": calendar.days,
        "first_day": calendar.first.isoformat(),
        "last_day": calendar.last.isoformat(),
        "definitions": DEFINITIONS,
        "planted": _planted(),
        "expected": {
            "churn": churn,
            "customer_churn_30_days": round(1 - (1 - hazard) ** 30, 8),
            "user_retention": _expected_retention(usage),
            "order_repeat": _expected_repeat(population, orders, calendar),
        },
        "books": {
            "mrr_movements": ledgers.mrr_movements(contracts, calendar),
            "mrr_closing": ledgers.mrr_closing(contracts, calendar),
            "churn": ledgers.churn(contracts, calendar),
            "customer_retention": ledgers.customer_retention(contracts, calendar),
            "revenue_retention": ledgers.revenue_retention(contracts, calendar),
            "user_days": ledgers.user_days(usage, calendar),
            "orders": ledgers.orders(orders, population, calendar),
            "repeat_purchase": ledgers.repeat_purchase(orders, calendar),
        },
    }


def _planted() -> Json:
    names = [name for name in vars(planted) if name.isupper()]
    values = {name.lower(): getattr(planted, name) for name in names if name != "LAST_DAY"}
    curve = planted.retention_curve(max(planted.RETENTION_AGES) + 1)
    values["retention_curve"] = {str(age): round(float(curve[age]), 6) for age in planted.RETENTION_AGES}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}


def _expected_churn(population: Population, contracts: Contracts) -> list[Json]:
    books, customer = contracts.books, contracts.terms.customer
    losses = books.movements().filter(pl.col("movement") == MOVEMENTS.index("churn"))
    kind, who, plan = (losses[name].to_numpy() for name in ("loss", "contract", "plan"))
    everybody = np.zeros(len(customer), dtype=np.int64)
    rows = []
    for segment, values, position in _segments(population, customer, everybody):
        days = _sums(position, books.at_risk_days, values)
        for loss in Loss:
            observed = np.bincount(position[who[kind == loss]], minlength=len(values))
            expected = _sums(position, books.expected[loss], values)
            variance = _sums(position, books.variance[loss], values)
            rows += _churn_rows(segment, values, loss, observed, expected, variance, days)
    for loss in Loss:
        observed = np.bincount(plan[kind == loss], minlength=len(planted.PLANS))
        parts = books.expected_by_plan[loss], books.variance_by_plan[loss]
        rows += _churn_rows("plan", planted.PLANS, loss, observed, *parts, None)
    return rows


def _sums(position: Ints, weights: Ints | Floats, values: tuple[str, ...]) -> Floats:
    """The sum of the weights at each position of `values`."""
    return np.bincount(position, weights=weights, minlength=len(values)).astype(np.float64)


def _segments(population: Population, customer: Ints, everybody: Ints) -> Iterable[tuple[str, tuple[str, ...], Ints]]:
    yield "all", ("all",), everybody
    yield "acquisition_channel", planted.CHANNELS, population.channel[customer]
    yield "country", planted.COUNTRIES, population.country[customer]


def _churn_rows(
    segment: str,
    values: tuple[str, ...],
    loss: Loss,
    observed: Ints,
    expected: Floats,
    variance: Floats,
    at_risk_days: Floats | None,
) -> list[Json]:
    rows = []
    for position, value in enumerate(values):
        days = None if at_risk_days is None else int(at_risk_days[position])
        row: Json = {"segment": segment, "segment_value": value, "churn_type": loss.name.lower()}
        row |= _counts(int(observed[position]), float(expected[position]), float(variance[position]))
        hazard = round(float(expected[position]) / days, 10) if days else None
        rows.append(row | {"at_risk_days": days, "daily_hazard": hazard})
    return rows


def _expected_retention(usage: Usage) -> list[Json]:
    """By age, for everybody and by the channel of the user's customer."""
    rows = []
    for position, age in enumerate(planted.RETENTION_AGES):
        parts = [
            array[position] for array in (usage.users_in_cohort, usage.users_retained, usage.expected, usage.variance)
        ]
        rows.append(_retention_row(age, "all", "all", *(part.sum() for part in parts)))
        for channel, name in enumerate(planted.CHANNELS):
            rows.append(_retention_row(age, "acquisition_channel", name, *(part[channel] for part in parts)))
    return rows


def _retention_row(
    age: int, segment: str, value: str, users: int, retained: int, expected: float, variance: float
) -> Json:
    row: Json = {"age_days": age, "segment": segment, "segment_value": value, "users_in_cohort": int(users)}
    row["expected_rate"] = round(float(expected) / int(users), 8) if users else None
    return row | _counts(int(retained), float(expected), float(variance))


def _expected_repeat(population: Population, orders: Orders, calendar: Calendar) -> list[Json]:
    settled = orders.repeats.filter(pl.col("first_day") + SETTLED_DAYS < calendar.days)
    channel = population.channel[settled["customer"].to_numpy()]
    rows = []
    for position, value in enumerate(planted.CHANNELS):
        mine = settled.filter(pl.Series(channel == position))
        chance = planted.CHANNEL_REPEAT[position]
        counts = _counts(int(mine["is_repeating"].sum()), chance * mine.height, chance * (1 - chance) * mine.height)
        rows.append(
            {"acquisition_channel": value, "settled_days": SETTLED_DAYS, "customers": mine.height, "rate": chance}
            | counts
        )
    return rows


def _counts(observed: int, expected: float, variance: float) -> Json:
    return {"observed": observed, "expected": round(expected, 6), "standard_error": round(math.sqrt(variance), 6)}
