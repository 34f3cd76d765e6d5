"""The plain form of what assets/kernels/cohorts.py counts: user_retention_cohorts by Polars alone."""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain, period_number, period_start, to_date
from assets.cohorts import dated, is_in_range
from assets.metrics.user_retention_cohorts import GRAINS, OLDEST_DAY, SUMS
from assets.once import once
from assets.segments import rolled_up
from tests.metrics.plain_user_activity import with_gaps
from warehouse.settings import Settings


def measure(user_days: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Sizes (on age 0), users retained, and users whose last period this is, by cohort, age and segment."""
    dimensions = list(settings.dimensions)
    users = people.filter(pl.col("kind") == "user").select("person", "first_day", *dimensions)
    days = user_days.filter(pl.col("day") <= settings.last_day).select("person", "day")
    last_days = once(days.group_by("person").agg(last_day=pl.col("day").max()).join(users, on="person"))
    met = once(_met(days.filter(pl.col("day") >= _first_day_of_range(settings)), users, dimensions))
    keys = ["cohort_grain", "cohort_start", "age"]
    parts = []
    for grain in GRAINS:
        ages = pl.concat([_seen(met, grain, dimensions, settings), _last(last_days, grain, dimensions)], how="diagonal")
        split_by = [] if grain == "day" else dimensions
        combined = dated(ages, grain).group_by(*keys, *split_by).agg(pl.col(SUMS).sum())
        parts.append(rolled_up(combined, split_by, keys, SUMS))
    return pl.concat(parts)


def _first_day_of_range(settings: Settings) -> pl.Expr:
    """The first day of any period that ends in the range of days."""
    return pl.min_horizontal(period_start(period_number(pl.lit(settings.first_day), grain), grain) for grain in GRAINS)


def _met(days: pl.LazyFrame, users: pl.LazyFrame, dimensions: list[str]) -> pl.LazyFrame:
    """How many users first seen on a day came on a later one, and for how many that was their first day of its week,
    of its month. Everything else is sums of this."""
    date = to_date(pl.col("day"))
    return (
        with_gaps(days)
        .join(users, on="person")
        .with_columns(opens_week=pl.col("gap") >= date.dt.weekday(), opens_month=pl.col("gap") >= date.dt.day())
        .group_by("first_day", "day", "opens_week", "opens_month", *dimensions)
        .agg(users=pl.len().cast(pl.Int64))
        .with_columns(day=date)
    )


def _seen(met: pl.LazyFrame, grain: Grain, dimensions: list[str], settings: Settings) -> pl.LazyFrame:
    """Users that came in each period of the range, by cohort and age, each on its first day of the period."""
    period, cohort = period_number(pl.col("day"), grain), period_number(pl.col("first_day"), grain)
    opened = met if grain == "day" else met.filter(f"opens_{grain}")
    ages = opened.filter(is_in_range(period, grain, settings)).select(
        *dimensions, cohort=cohort, age=(period - cohort).cast(pl.Int64), users_retained="users"
    )
    if grain == "day":
        ages = ages.filter(pl.col("age") <= OLDEST_DAY)
    return ages.with_columns(users_in_cohort=pl.when(pl.col("age") == 0).then("users_retained").otherwise(0))


def _last(last_days: pl.LazyFrame, grain: Grain, dimensions: list[str]) -> pl.LazyFrame:
    """One row per user, at the age of its last event; an age beyond the oldest one shown counts there."""
    cohort = period_number(pl.col("first_day"), grain)
    age = (period_number(pl.col("last_day"), grain) - cohort).cast(pl.Int64)
    return last_days.select(
        *dimensions,
        cohort=cohort,
        age=age.clip(upper_bound=OLDEST_DAY) if grain == "day" else age,
        users_retained_or_later=pl.lit(1, pl.Int64),
    )
