"""N-day retention: of the users first seen N days ago, how many came today, and how many ever came back.

Source: docs/metrics.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.calendar import day_number, to_date
from assets.once import once
from assets.segments import rolled_up, starts_of_users
from warehouse.settings import Settings
from warehouse.table import Column, Derived, Measure, Ratio, Table

AGES = (1, 3, 7, 14, 28, 30, 60, 90)

table = Table(
    name="user_retention_daily",
    description="For each day and age: the users first seen that many days before, and who of them came or came back.",
    layer="metrics",
    grain=(
        Column("date", pl.Date, "The day on which the users have the age.", "day"),
        Column("age_days", pl.Int64, "Days since the users were first seen.", "days", allowed=AGES),
    ),
    columns=(
        Derived(
            "cohort_date",
            dtype=pl.Date,
            description="The day the users were first seen.",
            unit="day",
            expression=lambda: pl.col("date") - pl.duration(days=pl.col("age_days")),
        ),
        Measure("users_in_cohort", description="Users first seen on cohort_date.", unit="users", minimum=0),
        Measure("users_retained", description="Of these, users with an event on date.", unit="users", minimum=0),
        Ratio(
            "retention_rate",
            description="users_retained / users_in_cohort.",
            unit="share",
            minimum=0,
            maximum=1,
            numerator="users_retained",
            denominator="users_in_cohort",
        ),
        Measure(
            "users_returned",
            description="Of these, users with an event on any day after cohort_date up to date.",
            unit="users",
            minimum=0,
        ),
        Ratio(
            "return_rate",
            description="users_returned / users_in_cohort.",
            unit="share",
            minimum=0,
            maximum=1,
            numerator="users_returned",
            denominator="users_in_cohort",
        ),
    ),
    segmented=True,
    look_back_days=max(AGES),
    sources=("events",),
)
MEASURES = [measure.name for measure in table.measures]


def measure(user_days: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Counts by day, age and segment of the users that have the age on that day.

    A user's segment value is that of the day it was first seen: by tenure everybody was `new` then.
    """
    dimensions = settings.dimensions
    users = once(people.filter(pl.col("kind") == "user").select("person", "first_day", *dimensions))
    # Of the others no age is on a day of the range.
    begins = pl.lit(settings.first_day).dt.offset_by(f"-{max(AGES)}d")
    counted = once(users.filter(pl.col("first_day") >= begins))
    ages = pl.LazyFrame({"age_days": AGES}, schema={"age_days": pl.Int64})
    later_days = (
        user_days.select("person", "day")
        .join(counted, on="person")
        .with_columns(age_days=(day_number(pl.col("day")) - day_number(pl.col("first_day"))).cast(pl.Int64))
        .filter(pl.col("age_days").is_between(1, max(AGES)))
    )
    first_returns = later_days.group_by("person", "first_day", *dimensions).agg(returned_at=pl.col("age_days").min())
    counts = [
        _count(counted.join(ages, how="cross"), "users_in_cohort", dimensions),
        _count(later_days.filter(pl.col("age_days").is_in(AGES)), "users_retained", dimensions),
        _count(
            first_returns.join(ages, how="cross").filter(pl.col("returned_at") <= pl.col("age_days")),
            "users_returned",
            dimensions,
        ),
    ]
    combined = pl.concat(counts, how="diagonal")
    in_range = once(combined.filter(pl.col("date").is_between(settings.first_day, settings.last_day)))
    keys = ["date", "age_days"]
    by_tenure = rolled_up(in_range, [], keys, MEASURES).with_columns(
        segment=pl.lit("tenure"), segment_value=pl.lit("new")
    )
    starts = starts_of_users(users, settings).join(ages, how="cross")
    return pl.concat([rolled_up(in_range, dimensions, keys, MEASURES), by_tenure, starts], how="diagonal")


def _count(users: pl.LazyFrame, name: str, dimensions: Sequence[str]) -> pl.LazyFrame:
    """Users (first_day, age_days) counted on the day on which they have the age."""
    date = to_date(day_number(pl.col("first_day")) + pl.col("age_days"))
    return users.group_by(date.alias("date"), "age_days", *dimensions).agg(pl.len().cast(pl.Int64).alias(name))
