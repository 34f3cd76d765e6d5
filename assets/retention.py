"""Customers at the start and at the end of a window: who stayed, left, came and came back.

Shared by the tables of customer retention; which windows they have is their own. Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from assets.calendar import day_number
from assets.states.subscription_mrr import TYPES
from assets.steps import closed
from warehouse.settings import Settings
from warehouse.table import Column, Measure, Ratio

BASES: Final = ("orders", "subscription", "usage")
ACTIVE: Final = 1
TYPE_NUMBERS: Final = {kind: n for n, kind in enumerate(TYPES, 1)}
FIRST_DAYS: Final = {
    "orders": "first_order_day",
    "subscription": "first_subscription_day",
    "usage": "first_usage_day",
}


def _count(name: str, description: str) -> Measure:
    return Measure(name, description=description, unit="customers", kind="stock", minimum=0)


def _rate(name: str, description: str, numerator: str) -> Ratio:
    return Ratio(
        name,
        description=description,
        unit="share",
        numerator=numerator,
        denominator="customers_at_start",
        minimum=0,
        maximum=1,
    )


COUNTS: Final = (
    _count("customers_at_start", "Customers active at the end of the day before the window."),
    _count("customers_retained", "Of customers_at_start, those active at the end of the window."),
    _count("customers_lost", "Of customers_at_start, those not active at the end of the window."),
    *(_count(f"customers_lost_{kind}", f"Of customers_lost, those whose last span ended as {kind}.") for kind in TYPES),
    _count("customers_new", "Active at the end, not at the start, first span begun inside the window."),
    _count("customers_reactivated", "Active at the end, not at the start, first span begun before the window."),
    _count("customers_at_end", "Customers active at the end of the window."),
)
RATES: Final = (
    _rate("customer_retention_rate", "customers_retained / customers_at_start.", "customers_retained"),
    Ratio(
        "customer_retention_rate_formula",
        description="(customers_at_end - customers_new) / customers_at_start: the textbook rate, which counts returned "
        "customers.",
        unit="share",
        minimum=0,
        expression=lambda: pl.when(pl.col("customers_at_start") > 0).then(
            (pl.col("customers_at_end") - pl.col("customers_new")) / pl.col("customers_at_start")
        ),
    ),
    _rate("customer_churn_rate", "customers_lost / customers_at_start.", "customers_lost"),
)


def annualised(days: pl.Expr) -> Ratio:
    """The retention rate over `days` days as if it held for a year: rate ^ (365 / days)."""
    return Ratio(
        "annualised_retention_rate",
        description="customer_retention_rate ^ (365 / days of the window).",
        unit="share",
        minimum=0,
        maximum=1,
        expression=lambda: pl.when(pl.col("customers_at_start") > 0).then(
            (pl.col("customers_retained") / pl.col("customers_at_start")) ** (365 / days)
        ),
    )


def basis_column() -> Column:
    return Column(
        "basis", pl.String, "What makes a customer active: recent orders, MRR, recent usage.", "basis", allowed=BASES
    )


def activity(spans: pl.LazyFrame, owner: Sequence[str] = ("basis", "person")) -> pl.LazyFrame:
    """Each customer's activity as a step function of `state`: 1 while active, -n after being lost as the n-th type."""
    numbered = spans.sort(*owner, "start_day").with_columns(
        lost_as=pl.col("churn_type").replace_strict(TYPE_NUMBERS, return_dtype=pl.Int32)
    )
    is_same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in owner)
    lost_before = pl.when(is_same).then(pl.col("lost_as").shift(1)).otherwise(0)
    starts = numbered.select(*owner, day=day_number(pl.col("start_day")), state=lost_before + ACTIVE)
    ends = numbered.filter(pl.col("end_day").is_not_null()).select(
        *owner, day=day_number(pl.col("end_day")), state=-pl.col("lost_as") - ACTIVE
    )
    return closed(pl.concat([starts, ends]), owner, "state")


def activity_on(spans: pl.LazyFrame, basis: str) -> pl.LazyFrame:
    """The same for one basis: person, day, `state`."""
    return activity(spans.filter(pl.col("basis") == basis), ["person"])


def recent(spans: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    """The spans that matter to windows of so many days in the range: those not over before the first window begins."""
    begins = day_number(pl.lit(settings.first_day)) - days
    return spans.filter(
        pl.col("end_day").is_null() | (day_number(pl.col("end_day")) >= begins),
        pl.col("start_day") <= settings.last_day,
    )
