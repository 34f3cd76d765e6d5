"""The days since a person's day before: who opens a week or month comes from it."""

from __future__ import annotations

import polars as pl

from assets.calendar import Grain


def is_first_in(grain: Grain, date: pl.Expr) -> pl.Expr:
    """Whether the day is its user's first one of its day, week or month: the `gap` before it reaches out of that."""
    if grain == "day":
        return pl.lit(True)
    return pl.col("gap") >= (date.dt.weekday() if grain == "week" else date.dt.day())
