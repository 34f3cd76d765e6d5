"""The days since a user's day before: what counting active users, and who opens a week or month, comes from."""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain, day_number
from assets.packing import LONGER_THAN_ANY, day_in, owner_in, packed


def with_gaps(user_days: pl.LazyFrame) -> pl.LazyFrame:
    """One row per user and day, in this order: `person`, `day` (number), `gap` in days. A first day, and one whose day
    before was not read, has a gap longer than any other."""
    at = pl.col("at")
    return (
        user_days.select(at=packed(pl.col("person"), day_number(pl.col("day"))))
        .sort("at")
        .select(person=owner_in(at, pl.UInt32), day=day_in(at), gap=at.diff().fill_null(LONGER_THAN_ANY))
    )


def is_first_in(grain: Grain, date: pl.Expr) -> pl.Expr:
    """Whether the day is its user's first one of its day, week or month: the `gap` before it reaches out of that."""
    if grain == "day":
        return pl.lit(True)
    return pl.col("gap") >= (date.dt.weekday() if grain == "week" else date.dt.day())
