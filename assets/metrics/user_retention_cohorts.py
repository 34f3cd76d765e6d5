"""User cohorts by day, week and month: who came in each later period, and who came then or later.

Source: docs/metrics.md sections 4 and 5.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.calendar import Grain, period_number, period_start
from assets.cohorts import IS_COMPLETE, cohort_columns, dated, is_over, triangle
from assets.kernels.active_days import ActiveDays, Ints, active_days, splits, unsplit
from assets.kernels.cohorts import ages, calendar, last_days
from assets.once import once
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
    users = people.filter(pl.col("kind") == "user").select("person", "first_day", *settings.dimensions)
    days = once(user_days.filter(pl.col("day") <= settings.last_day).select("person", "day"))
    begins = _first_day_of_range(settings)
    active = active_days(days.filter(pl.col("day") >= begins), users)
    earlier = days.filter(pl.col("day") < begins).group_by("person").agg(pl.col("day").max()).collect()
    last = last_days(active, earlier)
    parts = [dated(_ages(active, last, grain, settings).lazy(), grain) for grain in GRAINS]
    is_own_period = pl.col("age") == 0
    return (
        pl.concat(parts)
        .with_columns(pl.col("users_retained", "users_retained_or_later").fill_null(0))
        .with_columns(users_in_cohort=pl.when(is_own_period).then("users_retained").otherwise(0))
    )


def _ages(active: ActiveDays, last: Ints, grain: Grain, settings: Settings) -> pl.DataFrame:
    """Users that came in each period of the range, and those whose last period it is, by cohort, age and segment."""
    days = calendar(grain, active.users, settings.last_day)
    begins = pl.select(period_number(pl.lit(settings.first_day), grain)).item()
    of_days, oldest = (True, OLDEST_DAY) if grain == "day" else (False, None)
    return pl.concat(
        ages(active, last, days, split, begins, oldest)
        for split in (unsplit(active.users), *splits(active.users, () if of_days else settings.dimensions))
    )


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The cells that were over before the range. Who came later than in a cell is counted anew: that may be anybody."""
    cells_over = published.filter(is_over(GRAINS, settings))
    return cells_over.select(
        *KEYS, "age", "users_in_cohort", "users_retained", users_retained_or_later=pl.lit(0, pl.Int64)
    )


def _first_day_of_range(settings: Settings) -> date:
    """The first day of any period that ends in the range of days."""
    begins = (period_start(period_number(pl.lit(settings.first_day), grain), grain) for grain in GRAINS)
    first_day: date = pl.select(pl.min_horizontal(begins)).item()
    return first_day


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The whole triangle; who came in a period or later is added up from the oldest age back."""
    measures = ["users_retained", "users_retained_or_later"]
    whole = triangle(rows, KEYS, ["users_in_cohort"], measures, settings, {"day": OLDEST_DAY})
    return whole.sort("age").with_columns(pl.col("users_retained_or_later").cum_sum(reverse=True).over(KEYS))
