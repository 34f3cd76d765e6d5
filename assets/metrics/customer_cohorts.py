"""Customer cohorts by week and month: who bought or paid again, and what they brought in.

Source: docs/metrics.md section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from assets.calendar import Grain, day_number, period_end, period_number, to_date
from assets.cohorts import (
    IS_COMPLETE,
    SIZE_AGE,
    cells,
    cohort_columns,
    dated,
    first_age_in_range,
    is_in_range,
    last_day_of_cell,
    triangle,
    with_first_plan,
)
from assets.kernels.order_cohorts import order_days_of
from assets.revenue import OWNER, amount, mrr_pieces
from assets.segments import rolled_up
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Measure, Ratio, Table

GRAINS: tuple[Grain, ...] = ("week", "month")

table = Table(
    name="customer_cohorts",
    description="Cohorts of customers by the week or month of their first active day in a currency, at every age; a "
    "cell is in the file of the month in which its period ends.",
    layer="metrics",
    grain=(
        Column("basis", pl.String, "orders, or subscription (MRR).", "basis", allowed=("orders", "subscription")),
        *cohort_columns(GRAINS),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
    ),
    columns=(
        Measure("customers_in_cohort", description="Customers of the cohort.", unit="customers", minimum=1),
        Measure(
            "customers_retained",
            description="Of these, customers with an order in the period, or with MRR at its end.",
            unit="customers",
            minimum=0,
        ),
        Ratio(
            "retention_rate",
            description="customers_retained / customers_in_cohort; null while the period is not over.",
            unit="share",
            numerator="customers_retained",
            denominator="customers_in_cohort",
            complete_only=True,
            minimum=0,
            maximum=1,
        ),
        amount("revenue", "Net revenue of the period's orders, or MRR at the period's end."),
        Ratio(
            "revenue_retention_rate",
            description="revenue / revenue at age 0; null while the period is not over.",
            unit="share",
            numerator="revenue",
            denominator="revenue_at_age_0",
            complete_only=True,
        ),
        replace(
            amount("revenue_cumulative", "Revenue of the ages so far; for subscriptions in months only."), nullable=True
        ),
        Ratio(
            "revenue_per_customer",
            description="revenue_cumulative / customers_in_cohort; null while the period is not over.",
            unit="currency",
            numerator="revenue_cumulative",
            denominator="customers_in_cohort",
            complete_only=True,
        ),
        IS_COMPLETE,
    ),
    filed_by=lambda: last_day_of_cell(GRAINS),
    segmented=True,
    every_day=False,
    recalls=(0,),
    zero_is_none=True,
    sources=("orders", "subscriptions"),
)
KEYS = ["basis", "cohort_grain", "cohort_start", "currency", "segment", "segment_value"]
SUMS = ["customers_in_cohort", "customers_retained", "revenue"]
SO_FAR = "revenue_cumulative"


def measure(
    order_days: pl.LazyFrame,
    mrr_changes: pl.LazyFrame,
    plan_spans: pl.LazyFrame,
    people: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Sizes (on age 0), customers retained and revenue by basis, cohort, age, currency and segment. What adds up over
    the ages begins with what is carried."""
    customers = people.filter(pl.col("kind") == "customer").select("person", *settings.dimensions)
    dimensions = [*settings.dimensions, *(["plan"] if "subscriptions" in settings.sources else [])]
    of_grain: dict[str, Callable[[Grain], pl.LazyFrame]] = {}
    if "orders" in settings.sources:
        days = order_days_of(order_days, settings)
        of_grain["orders"] = lambda grain: days.by_period(grain, settings)
    if "subscriptions" in settings.sources:
        of_grain["subscription"] = lambda grain: _paying(mrr_changes, grain, settings)
    parts = []
    for basis, owners in of_grain.items():
        for grain in GRAINS:
            split = _split(owners(grain), customers, plan_spans, dimensions)
            parts.append(dated(_cells(split, dimensions), grain).with_columns(basis=pl.lit(basis)))
    summed = rolled_up(pl.concat(parts, how="diagonal"), dimensions, [*KEYS[:-2], "age"], SUMS[1:])
    # The size is read on age 0 alone, where everybody is who is in the cohort.
    return summed.with_columns(pl.col("customers_retained").alias(SUMS[0]), pl.lit(0, pl.Int64).alias(SO_FAR))


def _split(
    owners: pl.LazyFrame, customers: pl.LazyFrame, plan_spans: pl.LazyFrame, dimensions: Sequence[str]
) -> pl.LazyFrame:
    """The rows with the values of their customers in the dimensions that there are."""
    if "plan" in dimensions:
        owners = with_first_plan(owners, plan_spans)
    return owners.join(customers, on="person") if len(customers.collect_schema()) > 1 else owners


def _cells(rows: pl.LazyFrame, dimensions: Sequence[str]) -> pl.LazyFrame:
    """Customers retained and revenue by cohort, age, currency and the dimensions together."""
    return (
        rows.group_by("cohort", "age", "currency", *dimensions)
        .agg(customers_retained=pl.col("is_retained").sum(), revenue=pl.col("revenue").sum())
        .with_columns(pl.col("currency").cast(pl.String))
    )


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published cells, from which nothing is carried."""
    return published.with_columns(pl.lit(0, MONEY).alias(SO_FAR))


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Of each cohort from before the range, on age 0: its sizes, and the revenue of its ages so far."""
    first = published.filter(pl.col("age") == SIZE_AGE).select(*KEYS, "age", *SUMS)
    last = published.filter(pl.col("age") == first_age_in_range(GRAINS, settings) - 1).select(*KEYS, SO_FAR)
    return first.join(last, on=KEYS, how="left")


def _paying(mrr_changes: pl.LazyFrame, grain: Grain, settings: Settings) -> pl.LazyFrame:
    """One row per customer, currency and period with MRR at its end (or at the watermark), and one at age 0."""
    last, begins = pl.lit(settings.last_day), period_number(pl.lit(settings.first_day), grain)
    pieces = mrr_pieces(mrr_changes).filter(pl.col("start") <= day_number(last))
    first = pieces.group_by(OWNER).agg(first_day=to_date(pl.col("start").min()))
    covered = (
        pieces.filter(period_number(to_date(pl.col("end")), grain) >= begins)
        .with_columns(
            first_period=pl.max_horizontal(period_number(to_date(pl.col("start")), grain), begins),
            last_period=period_number(pl.min_horizontal(to_date(pl.col("end") - 1), last), grain),
        )
        .with_columns(period=pl.int_ranges("first_period", pl.col("last_period") + 1, dtype=pl.Int32))
        .explode("period", empty_as_null=False)
        .with_columns(closing_day=day_number(pl.min_horizontal(period_end(pl.col("period"), grain), last)))
        .filter(pl.col("closing_day").is_between("start", "end", closed="left"))
        .select(*OWNER, day=to_date(pl.col("closing_day")), revenue="revenue")
    )
    newcomers = first.filter(is_in_range(period_number(pl.col("first_day"), grain), grain, settings))
    own = newcomers.with_columns(day="first_day", revenue=pl.lit(0, pl.Int64)).select(*OWNER, "day", "revenue")
    facts = pl.concat([covered, own]).join(first, on=OWNER)
    return cells(
        facts,
        [*OWNER, "first_day"],
        grain,
        {"revenue": pl.col("revenue").sum(), "is_retained": pl.lit(1, pl.Int64)},
    )


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every age of every cohort in the range, with what adds up over the ages."""
    sizes = [SUMS[0], "revenue_at_age_0", SO_FAR]
    told = rows.with_columns(revenue_at_age_0="revenue")
    cells = triangle(told, KEYS, sizes, ["customers_retained", "revenue"], settings, only_in_range=True)
    has_sums = (pl.col("basis") == "orders") | (pl.col("cohort_grain") == "month")
    so_far = pl.col(SO_FAR) + pl.col("revenue").cum_sum().over(KEYS)
    return cells.sort("age").with_columns(pl.when(has_sums).then(so_far).alias(SO_FAR))
