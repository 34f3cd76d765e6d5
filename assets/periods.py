"""Calendar periods laid over step functions: how a customer stood before a period and at its end.

Shared by the tables of months, quarters and years. Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from assets.calendar import Grain, day_number, period_end, period_number, period_start, to_date
from warehouse.settings import Settings
from warehouse.table import Column, Ratio

PERIODS: Final[tuple[Grain, ...]] = ("month", "quarter", "year")
IS_COMPLETE: Final = Column("is_complete", pl.Boolean, "Whether the period was over at the watermark.", "flag")


def period_columns() -> tuple[Column, Column]:
    """The grain of a calendar table."""
    return (
        Column("period", pl.String, "The length of the period.", "calendar period", allowed=PERIODS),
        Column("period_start", pl.Date, "The first day of the period.", "day"),
    )


def once_complete(ratios: Sequence[Ratio]) -> tuple[Ratio, ...]:
    """The same rates, null while the period is not over."""
    return tuple(replace(ratio, complete_only=True) for ratio in ratios)


def period_days() -> pl.Expr:
    """How many days the row's whole period has."""
    ends = pl.coalesce(
        pl.when(pl.col("period") == grain).then(period_end(period_number(pl.col("period_start"), grain), grain))
        for grain in PERIODS
    )
    return day_number(ends) - day_number(pl.col("period_start")) + 1


def is_before(settings: Settings) -> pl.Expr:
    """Whether the row's `period` was over before the range of days, so that nothing in the range changes it."""
    return pl.any_horizontal(
        (pl.col("period") == grain) & (pl.col("period_start") < _first_period_start(grain, settings))
        for grain in PERIODS
    )


def _first_period_start(grain: Grain, settings: Settings) -> pl.Expr:
    return period_start(period_number(pl.lit(settings.first_day), grain), grain)


def boundaries(
    pieces: pl.LazyFrame, owner: Sequence[str], value: str, grain: Grain, settings: Settings
) -> pl.LazyFrame:
    """How each owner stood before and at the end of each period of the range (the last one: at the watermark): owner,
    `number` of the period, `then` and `now` (0 where there was nothing), and the days of both.

    `pieces` are constant in `value` from `start` to `end`.
    """
    last = pl.lit(settings.last_day)
    first_number = period_number(pl.lit(settings.first_day), grain)
    opening_day = day_number(period_start(first_number, grain)) - 1
    closing = day_number(pl.min_horizontal(period_end(pl.col("number"), grain), last))
    closings = (
        pieces.filter(pl.col("start") <= day_number(last), pl.col("end") > opening_day)
        .with_columns(
            number=pl.int_ranges(
                pl.max_horizontal(period_number(to_date(pl.col("start")), grain), first_number - 1),
                period_number(pl.min_horizontal(to_date(pl.col("end") - 1), last), grain) + 1,
                dtype=pl.Int32,
            )
        )
        .explode("number", empty_as_null=False)
        .filter(closing.is_between("start", "end", closed="left"))
        .select(*owner, "number", now=value)
    )
    openings = closings.filter(pl.col("number") < period_number(last, grain)).select(
        *owner, pl.col("number") + 1, then="now"
    )
    return (
        pl.concat([closings, openings], how="diagonal")
        .filter(pl.col("number") >= first_number)
        .group_by(*owner, "number")
        .agg(pl.col("now").max().fill_null(0), pl.col("then").max().fill_null(0))
        .with_columns(day_now=closing, day_then=day_number(period_start(pl.col("number"), grain)) - 1)
    )


def as_days(rows: pl.LazyFrame, is_read_then: pl.Expr) -> pl.LazyFrame:
    """Each row as the one day at the period's end, and how many `days_ago` its segment is read."""
    return rows.with_columns(
        start=pl.col("day_now"),
        end=pl.col("day_now") + 1,
        days_ago=pl.when(is_read_then).then(pl.col("day_now") - pl.col("day_then")).otherwise(0),
    )


def dated(rows: pl.LazyFrame, grain: Grain) -> pl.LazyFrame:
    """`period` and `period_start` in place of the period's number."""
    return rows.with_columns(period=pl.lit(grain), period_start=period_start(pl.col("number"), grain))


def first_periods(starts: pl.LazyFrame, grain: Grain) -> pl.LazyFrame:
    """The period in which the rows of each key begin, from the `date` on which they do."""
    return dated(starts.with_columns(number=period_number(pl.col("date"), grain)), grain).drop("date", "number")


def every_period(rows: pl.LazyFrame, keys: Sequence[str], measures: Sequence[str], settings: Settings) -> pl.LazyFrame:
    """A row for every period of each key from its first one to the watermark, with `is_complete`."""
    return pl.concat(
        _every_period(rows.filter(pl.col("period") == grain), keys, measures, grain, settings) for grain in PERIODS
    )


def _every_period(
    rows: pl.LazyFrame, keys: Sequence[str], measures: Sequence[str], grain: Grain, settings: Settings
) -> pl.LazyFrame:
    last = pl.lit(settings.last_day)
    number = period_number(pl.col("period_start"), grain)
    periods = (
        rows.group_by("period", *keys)
        .agg(number=number.min())
        .with_columns(pl.int_ranges("number", period_number(last, grain) + 1, dtype=pl.Int32))
        .explode("number", empty_as_null=False)
        .with_columns(period_start=period_start(pl.col("number"), grain))
    )
    return periods.join(rows, on=["period", "period_start", *keys], how="left").with_columns(
        pl.col(measures).fill_null(0), is_complete=period_end(pl.col("number"), grain) <= last
    )
