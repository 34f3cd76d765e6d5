"""Days, weeks, months, quarters and years as numbers. A day is counted from 1970-01-01; a week starts on Monday."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Grain = Literal["day", "week", "month", "quarter", "year"]
ALWAYS_BEFORE: Final = -1_000_000
NEVER: Final = 2_000_000
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def day_number(day: pl.Expr) -> pl.Expr:
    """A date as the number of its day."""
    return day.to_physical().cast(pl.Int32)


def to_date(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.Int32).cast(pl.Date)


def period_number(day: pl.Expr, grain: Grain) -> pl.Expr:
    """The number of the calendar period that a date lies in, consecutive periods having consecutive numbers."""
    if grain == "day":
        return day_number(day)
    if grain == "week":
        return (day_number(day) + 3) // 7
    return (day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1) // MONTHS[grain]


def period_start(number: pl.Expr, grain: Grain) -> pl.Expr:
    """The first day of a period, as a date."""
    if grain == "day":
        return to_date(number)
    if grain == "week":
        return to_date(number * 7 - 3)
    months = number * MONTHS[grain]
    return pl.date(months // 12, months % 12 + 1, 1)


def period_end(number: pl.Expr, grain: Grain) -> pl.Expr:
    """The last day of a period, as a date."""
    return period_start(number + 1, grain).dt.offset_by("-1d")
