"""User cohorts by day, week and month: who came in each later period, and who came then or later.

Source: docs/metrics.md sections 4 and 5.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain, period_number
from assets.cohorts import IS_COMPLETE, carried_cells, cells, cohort_columns, dated, is_in_range, triangle
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
    keys = ["cohort_grain", "cohort_start", "age"]
    parts = []
    for grain in GRAINS:
        seen = days.filter(is_in_range(period_number(pl.col("day"), grain), grain, settings)).join(users, on="person")
        ages = pl.concat([_seen(seen, grain, dimensions), _last(last_days, grain, dimensions)], how="diagonal")
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


def _seen(days: pl.LazyFrame, grain: Grain, dimensions: list[str]) -> pl.LazyFrame:
    """One row per user and age with an event."""
    ages = cells(days, ["person", *dimensions], grain, {})
    if grain == "day":
        ages = ages.filter(pl.col("age") <= OLDEST_DAY)
    return ages.select(
        *dimensions,
        "cohort",
        "age",
        users_in_cohort=(pl.col("age") == 0).cast(pl.Int64),
        users_retained=pl.lit(1, pl.Int64),
    )


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
