"""What each customer brought in, and what it may still bring: scores, tiers and models, at the watermark.

Source: docs/metrics.md section 8.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import MONTHS, day_number
from assets.lifetime_value import (
    model_column,
    with_expected_contracts,
    with_expected_orders,
    with_expected_values,
    with_scores,
)
from assets.money import UNITS_PER_ONE, divide_half_even, from_units
from assets.once import once
from assets.revenue import OWNER, mrr_pieces
from assets.states.value_tiers import HIGH, LOW, MID
from warehouse.settings import Settings
from warehouse.table import MONEY, UNKNOWN, Column, Table

NEW, BACK, LOST = "new", "reactivation", "churn"
KEYS = ["customer_id", "currency"]


def _optional(name: str, dtype: type[pl.DataType], description: str, unit: str, minimum: int | None = None) -> Column:
    return Column(name, dtype, description, unit, nullable=True, minimum=minimum)


def _score(name: str, description: str) -> Column:
    return Column(name, pl.Int64, description, "score", nullable=True, allowed=(1, 2, 3, 4, 5))


def _expected(name: str, description: str, unit: str) -> Column:
    return _optional(name, pl.Float64, description, unit)


table = Table(
    name="customer_value",
    description="What each customer brought in by currency up to the watermark, and what models expect of it.",
    layer="metrics",
    grain=(
        Column("customer_id", pl.String, "The customer.", "id"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
    ),
    columns=(
        Column("orders", pl.Int64, "Orders so far.", "orders", minimum=0),
        Column("revenue", MONEY, "Net revenue of all orders.", "currency"),
        _optional("first_order_date", pl.Date, "The day of the first order.", "day"),
        _optional("last_order_date", pl.Date, "The day of the last order.", "day"),
        _optional("recency_days", pl.Int64, "From the first to the last order day.", "days", 0),
        _optional("frequency", pl.Int64, "Days with an order after the first such day.", "days", 0),
        _optional("monetary", pl.Float64, "Net revenue of a repeat day on average; 0 without one.", "currency"),
        _optional("age_days", pl.Int64, "From the first order day to the watermark.", "days", 0),
        _score("r_score", "Quintile by last_order_date within the currency; 5 is the most recent."),
        _score("f_score", "Quintile by frequency; 5 is the most frequent."),
        _score("m_score", "Quintile by monetary; 5 is the highest."),
        Column(
            "value_tier", pl.String, "The tier in force at the watermark.", "tier", False, (HIGH, MID, LOW, UNKNOWN)
        ),
        Column("mrr", MONEY, "MRR at the end of the watermark.", "currency", minimum=0),
        Column("recurring_revenue", MONEY, "MRR of every day so far, 12/365 of it a day.", "currency", minimum=0),
        Column("ltv_historic", MONEY, "revenue + recurring_revenue.", "currency"),
        Column("probability_alive", pl.Float64, "BG/NBD: the chance to order again.", "share", True, None, 0, 1),
        _expected("expected_orders_90_days", "BG/NBD: order days in the next 90 days.", "days"),
        _expected("expected_orders_365_days", "BG/NBD: order days in the next 365 days.", "days"),
        _expected("expected_value_90_days", "Those of 90 days at the amount Gamma-Gamma expects.", "currency"),
        _expected("expected_value_365_days", "Those of 365 days at the amount Gamma-Gamma expects.", "currency"),
        model_column("orders_model", "How the fit of BG/NBD ended; null without orders."),
        model_column("spending_model", "How the fit of Gamma-Gamma in the currency ended; null without orders."),
        _optional("contract_months", pl.Int64, "Whole months since MRR last began; null without MRR.", "months", 0),
        _optional("term_months", pl.Int64, "Months of a term as the contract began; 1 for shorter ones.", "months", 1),
        Column(
            "renewal_probability",
            pl.Float64,
            "Shifted beta-geometric: the chance to stay through the present term.",
            "share",
            True,
            None,
            0,
            1,
        ),
        _expected("expected_contract_value_90_days", "Months expected of the next 3, times MRR.", "currency"),
        _expected("expected_contract_value_365_days", "Months expected of the next 12, times MRR.", "currency"),
        model_column("contract_model", "How the fit of the shifted beta-geometric ended; null without MRR."),
    ),
    partitioning="whole",
    every_day=False,
    sources=("orders", "subscriptions"),
)


def measure(
    order_days: pl.LazyFrame,
    mrr_changes: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    value_tiers: pl.LazyFrame,
    people: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per customer and currency; `contracts` lists all there were."""
    last = pl.lit(settings.last_day)
    mrr_changes = once(mrr_changes.filter(pl.col("day") <= last))
    tiers = value_tiers.filter(pl.col("start_day") <= last).group_by("person").agg(_latest("tier", "start_day"))
    return (
        _bought(order_days.filter(pl.col("day") <= last), settings)
        .join(
            _paid(mrr_changes, subscription_mrr, settings),
            on=OWNER,
            how="full",
            coalesce=True,
        )
        .join(people.filter(pl.col("kind") == "customer").select("person", customer_id="id"), on="person")
        .join(tiers, on="person", how="left")
        .with_columns(
            pl.col("orders", "revenue", "mrr", "mrr_days").fill_null(0), value_tier=pl.col("tier").fill_null(UNKNOWN)
        )
    )


def _latest(name: str, day: str) -> pl.Expr:
    return pl.col(name).sort_by(day).last()


def _bought(order_days: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """What each customer ordered in each currency, in the convention of repeat days."""
    first, last = pl.col("day").min(), pl.col("day").max()
    return (
        order_days.group_by(OWNER)
        .agg(
            pl.col("orders", "revenue").sum(),
            first_order_date=first,
            last_order_date=last,
            frequency=pl.len().cast(pl.Int64) - 1,
            repeat_revenue=pl.col("revenue").sum() - pl.col("revenue").sort_by("day").first(),
        )
        .with_columns(
            recency_days=(pl.col("last_order_date") - pl.col("first_order_date")).dt.total_days(),
            age_days=(pl.lit(settings.last_day) - pl.col("first_order_date")).dt.total_days(),
        )
    )


def _paid(mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """What each customer pays and paid in each currency, and how long its contracts lasted."""
    until = day_number(pl.lit(settings.last_day)) + 1
    days = pl.min_horizontal("end", until) - pl.col("start")
    paid = mrr_pieces(mrr_changes).group_by(OWNER).agg(mrr_days=(pl.col("revenue") * days).sum())
    now = mrr_changes.group_by(OWNER).agg(mrr=_latest("after", "day"))
    contracts = _contracts(mrr_changes, subscription_mrr, settings)
    present = (
        pl.when(pl.col("end").is_null()).then(name).alias(f"present_{name}") for name in ("months", "term_months")
    )
    had = (
        contracts.with_columns(*present)
        .group_by(OWNER)
        .agg(
            contracts=pl.struct("term_months", "terms", "is_lost"),
            contract_months=pl.col("present_months").max(),
            term_months=pl.col("present_term_months").max(),
        )
    )
    return paid.join(now, on=OWNER).join(had, on=OWNER)


def _contracts(mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Each time a customer paid without a break: `months` are over of it, `end` is null where it goes on.

    `terms` is the term in which it was lost (from 1 on), or how many it has stayed through where `is_lost` is false. A
    loss inside a term that is not over yet is not counted: the term of who stays is not either.
    """
    turns = mrr_changes.filter(pl.col("movement").is_in([NEW, BACK, LOST])).sort(*OWNER, "day")
    is_of_one = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in OWNER)
    end = pl.when(is_of_one).then(pl.col("day").shift(-1))
    starts = once(turns.with_columns(end=end).filter(pl.col("movement") != LOST))
    last, term = pl.lit(settings.last_day), pl.col("term_months")
    lost_in = _whole_months(pl.col("day"), pl.col("end").dt.offset_by("-1d")) // term + 1
    return (
        starts.join(_terms(subscription_mrr, starts), on=[*OWNER, "day"])
        .with_columns(months=_whole_months(pl.col("day"), last))
        .with_columns(is_lost=pl.col("end").is_not_null() & (lost_in * term <= pl.col("months")))
        .with_columns(terms=pl.when("is_lost").then(lost_in).otherwise(pl.col("months") // term))
    )


def _terms(subscription_mrr: pl.LazyFrame, starts: pl.LazyFrame) -> pl.LazyFrame:
    """How many months a term has of the largest subscription that pays from a day of `starts` on, ties by id."""
    months = pl.col("interval").replace_strict(MONTHS, default=0, return_dtype=pl.Int64) * pl.col("interval_count")
    return (
        subscription_mrr.join(starts, on=[*OWNER, "day"], how="semi")
        .sort("mrr", "subscription_id", descending=[True, False])
        .unique([*OWNER, "day"], keep="first", maintain_order=True)
        .select(*OWNER, "day", term_months=months.clip(lower_bound=1))
    )


def _whole_months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Months that are over: what begins on 31 January has its months on 29 February and 31 March, as terms have."""
    months = (end.dt.year() - start.dt.year()).cast(pl.Int64) * 12 + end.dt.month() - start.dt.month()
    return months - (end.dt.day() < pl.min_horizontal(start.dt.day(), end.dt.days_in_month())).cast(pl.Int64)


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds what needs everybody: scores and models."""
    del settings
    monetary = pl.when(pl.col("frequency") > 0).then(pl.col("repeat_revenue") / pl.col("frequency") / UNITS_PER_ONE)
    everybody = rows.with_columns(monetary=pl.when(pl.col("frequency").is_not_null()).then(monetary.fill_null(0.0)))
    whole = everybody.collect()
    buyers = with_expected_values(with_expected_orders(with_scores(whole.filter(pl.col("frequency").is_not_null()))))
    payers = with_expected_contracts(whole.filter(pl.col("contract_months").is_not_null()), _all_contracts(whole))
    told = [buyers.select(*KEYS, pl.exclude(whole.columns)), payers.select(*KEYS, pl.exclude(whole.columns))]
    recurring = divide_half_even(pl.col("mrr_days").cast(pl.Int128) * 12, pl.lit(365, pl.Int128)).cast(pl.Int64)
    return (
        whole.lazy()
        .join(told[0].lazy(), on=KEYS, how="left")
        .join(told[1].lazy(), on=KEYS, how="left")
        .with_columns(recurring_revenue=recurring, ltv_historic=pl.col("revenue") + recurring)
        .with_columns(from_units(pl.col("revenue", "mrr", "recurring_revenue", "ltv_historic")))
    )


def _all_contracts(whole: pl.DataFrame) -> pl.DataFrame:
    return whole.select("contracts").drop_nulls().explode("contracts").unnest("contracts")
