"""Why customers left and recurring revenue went, day by day: every loss under its type and reason.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from assets.calendar import day_number
from assets.conversion import rated, rounded
from assets.once import once
from assets.retention import BASES, basis_column
from assets.revenue import amount
from assets.segments import spans_of, split
from assets.states.subscription_mrr import TYPES
from warehouse.settings import Settings
from warehouse.table import UNKNOWN, Column, Measure, Table

table = Table(
    name="churn_reasons_daily",
    description="Customers and recurring revenue lost on each day, by type and reason. No row without a loss.",
    layer="metrics",
    grain=(
        basis_column(),
        Column("date", pl.Date, "The day of the loss: the first that is not active any more.", "day"),
        Column("churn_type", pl.String, "Why it ended.", "type", allowed=TYPES),
        Column("churn_reason", pl.String, "The reason given; `unknown` where there is none.", "reason"),
    ),
    columns=(
        Measure("customers_lost", description="Customers who are not active any more.", unit="customers", minimum=0),
        replace(
            amount(
                "mrr_lost",
                "MRR of the churn movements, in the reporting currency at the day's rate; without one in the contract "
                "currency, and null once MRR is of several. Basis subscription only.",
                minimum=0,
            ),
            nullable=True,
        ),
    ),
    segmented=True,
    every_day=False,
    may_be_empty=True,
    zero_is_none=True,
    sources=("orders", "subscriptions", "events"),
)
KEYS = ["basis", "date", "churn_type", "churn_reason", "segment", "segment_value"]


def measure(
    activity_spans: pl.LazyFrame,
    mrr_changes: pl.LazyFrame,
    all_fx_rates: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Losses by day, type, reason and segment, which is that of the day before. Each is rounded by itself, so that they
    add up over reasons and segments."""
    ended = activity_spans.rename({"end_day": "date"}).with_columns(customers_lost=pl.lit(1, pl.Int64))
    churned = mrr_changes.filter(pl.col("movement") == "churn").rename({"day": "date"})
    worth = rated(churned, all_fx_rates, pl.col("date"), settings).with_columns(
        basis=pl.lit("subscription"), mrr_lost=rounded(pl.col("before") * pl.col("rate"), settings)
    )
    losses = pl.concat(
        [part.select("person", *KEYS[:4], name) for part, name in ((ended, "customers_lost"), (worth, "mrr_lost"))],
        how="diagonal",
    ).filter(pl.col("date").is_between(settings.first_day, settings.last_day))
    of_one_day = once(
        losses.with_columns(
            pl.col("churn_reason").fill_null(UNKNOWN),
            start=day_number(pl.col("date")),
            end=day_number(pl.col("date")) + 1,
        )
    )
    # Few are lost in a few days: the spans of all others need not be there for each basis.
    of_lost = segment_spans.join(of_one_day, on="person", how="semi")
    return split(of_one_day, spans_of(of_lost, BASES), 1).group_by(KEYS).agg(pl.col("customers_lost", "mrr_lost").sum())


def finish(rows: pl.LazyFrame, mrr_changes: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The rows with a loss that is not rounded to nothing; no amount where there is none to tell."""
    of_several = pl.col("date") >= pl.lit(_second_currency_day(mrr_changes, settings), pl.Date)
    is_told = (pl.col("basis") == "subscription") & ~of_several.fill_null(False)
    is_loss = (pl.col("customers_lost") > 0) | (pl.col("mrr_lost") > 0)
    return rows.filter(is_loss).with_columns(pl.when(is_told).then("mrr_lost"))


def _second_currency_day(mrr_changes: pl.LazyFrame, settings: Settings) -> date | None:
    """The day from which on MRR without a reporting currency is of several currencies; None: never."""
    if settings.reporting_currency is not None:
        return None
    first_days = mrr_changes.group_by("currency").agg(pl.col("day").min()).collect()["day"].sort()
    second: date | None = first_days.item(1) if first_days.len() > 1 else None
    return second
