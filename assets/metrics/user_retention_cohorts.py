"""User cohorts by day, week and month: who came in each later period, and who came then or later.

Source: docs/metrics.md sections 4 and 5.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain, period_number, period_start, to_date
from assets.cohorts import IS_COMPLETE, carried_cells, cohort_columns, dated, is_in_range, triangle
from assets.gaps import is_first_in, with_gaps
from assets.once import once
from assets.segments import rolled_up
from warehouse.settings import Settings
from warehouse.table import Measure, Ratio, Table

GRAINS: tuple[Grain, ...] = ("day", "week", "month")
OLDEST_DAY = 90


def _rate(name: str, description: str, numerator: str) -> Ratio:
    return Ratio(
        name,
        description=description,
        unit="share",
        numerator=numerator,
        denominator="users_in_cohort",
        complete_only=True,
        minimum=0,
        maximum=1,
    )


table = Table(
    name="user_retention_cohorts",
    description="Cohorts of users by the day, week or month they were first seen, at every age; days up to age 90.",
    layer="metrics",
    grain=cohort_columns(GRAINS),
    columns=(
        Measure("users_in_cohort", description="Users first seen in the cohort's period.", unit="users", minimum=1),
        Measure("users_retained", description="Of these, users with an event in the period.", unit="users", minimum=0),
        _rate("retention_rate", "users_retained / users_in_cohort; null while not over.", "users_retained"),
        Measure(
            "users_retained_or_later",
            description="Of these, users with an event in the period or later, up to the watermark.",
            unit="users",
            minimum=0,
        ),
        _rate(
            "retention_rate_unbounded",
            "users_retained_or_later / users_in_cohort; null while not over.",
            "users_retained_or_later",
        ),
        IS_COMPLETE,
    ),
    partitioning="whole",
    segmented=True,
    every_day=False,
    sources=("events",),
)
KEYS = ["cohort_grain", "cohort_start", "segment", "segment_value"]
SUMS = ["users_in_cohort", "users_retained", "users_retained_or_later"]


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


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The cells that were over before the range. Who came later than in a cell is counted anew: that may be anybody."""
    cells_over = carried_cells(published, GRAINS, settings)
    return cells_over.select(
        *KEYS, "age", "users_in_cohort", "users_retained", users_retained_or_later=pl.lit(0, pl.Int64)
    )


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
        .with_columns(opens_week=is_first_in("week", date), opens_month=is_first_in("month", date))
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


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The whole triangle; who came in a period or later is added up from the oldest age back."""
    whole = triangle(rows, KEYS, "users_in_cohort", ["users_retained", "users_retained_or_later"], settings)
    is_shown = (pl.col("cohort_grain") != "day") | (pl.col("age") <= OLDEST_DAY)
    return (
        whole.filter(is_shown)
        .sort("age")
        .with_columns(pl.col("users_retained_or_later").cum_sum(reverse=True).over(KEYS))
    )
