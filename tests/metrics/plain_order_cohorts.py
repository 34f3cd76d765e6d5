"""Days with orders by cohort and age as they would be written in plain frames: what the arrays are held to."""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain, period_number
from assets.cohorts import is_in_range
from assets.revenue import OWNER
from warehouse.settings import Settings


def by_period(order_days: pl.LazyFrame, grain: Grain, settings: Settings) -> pl.LazyFrame:
    """The days in periods that end in the range or after it: person, currency, `first_day`, `revenue`, `cohort`
    (number of its period), `age`, and whether it is the first of its period (`is_retained`)."""
    period, cohort = period_number(pl.col("day"), grain), period_number(pl.col("first_day"), grain)
    days = order_days.filter(pl.col("day") <= settings.last_day).with_columns(first_day=pl.col("day").min().over(OWNER))
    return (
        days.with_columns(cohort=cohort, period=period)
        .with_columns(
            age=(pl.col("period") - pl.col("cohort")).cast(pl.Int64),
            is_retained=(pl.col("day") == pl.col("day").min().over(*OWNER, "period")).cast(pl.Int64),
        )
        .filter(is_in_range(pl.col("period"), grain, settings))
        .select(*OWNER, "first_day", "revenue", "cohort", "age", "is_retained")
    )
