"""Cohort triangles: every age of every cohort up to the watermark, and which cells are not over yet.

What a table counts in a cell is its own. Source: docs/metrics.md section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from assets.calendar import Grain, period_end, period_number, period_start
from assets.once import once
from assets.states.plan_spans import NO_PLAN
from warehouse.settings import Settings
from warehouse.table import Column

SIZE_AGE: Final = 0


def cohort_columns(grains: Sequence[Grain]) -> tuple[Column, Column, Column]:
    """The grain of a cohort table."""
    return (
        Column("cohort_grain", pl.String, "The length of a period.", "calendar period", allowed=tuple(grains)),
        Column("cohort_start", pl.Date, "The first day of the period in which the cohort was first active.", "day"),
        Column("age", pl.Int64, "Periods since then; 0 is the cohort's own.", "periods", minimum=0),
    )


IS_COMPLETE: Final = Column(
    "is_complete", pl.Boolean, "Whether the cell's period was over at the watermark; else its rates are null.", "flag"
)


def cells(facts: pl.LazyFrame, owner: Sequence[str], grain: Grain, values: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    """One row per owner and period with a fact: `cohort`, `age` and the values aggregated over the period.

    `facts` has the owner, `day` and `first_day`; cohort and age are period numbers.
    """
    return (
        facts.with_columns(cohort=period_number(pl.col("first_day"), grain), period=period_number(pl.col("day"), grain))
        .group_by(*owner, "cohort", "period")
        .agg(**values)
        .with_columns(age=(pl.col("period") - pl.col("cohort")).cast(pl.Int64))
    )


def with_first_plan(rows: pl.LazyFrame, plan_spans: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the `plan` that the customer was on on `first_day`."""
    return (
        rows.sort("first_day")
        .join_asof(
            plan_spans.sort("start_day"),
            left_on="first_day",
            right_on="start_day",
            by="person",
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(pl.col("plan").fill_null(NO_PLAN))
    )


def is_in_range(period: pl.Expr, grain: Grain, settings: Settings) -> pl.Expr:
    """Whether a period (its number) ends in the range of days or after it, so that its cells are computed anew."""
    return period >= period_number(pl.lit(settings.first_day), grain)


def is_over(grains: Sequence[Grain], settings: Settings) -> pl.Expr:
    """Which cells of a published triangle have a period that was over before the range."""
    return pl.col("age") < first_age_in_range(grains, settings)


def first_age_in_range(grains: Sequence[Grain], settings: Settings) -> pl.Expr:
    """The age at which a cohort, by its `cohort_grain` and `cohort_start`, comes into the range of days; below 0 where
    it began in it."""
    return pl.coalesce(
        pl.when(pl.col("cohort_grain") == grain).then(_ages_before_range(grain, settings)) for grain in grains
    )


def _ages_before_range(grain: Grain, settings: Settings) -> pl.Expr:
    return period_number(pl.lit(settings.first_day), grain) - period_number(pl.col("cohort_start"), grain)


def last_day_of_cell(grains: Sequence[Grain]) -> pl.Expr:
    """The day on which the period of a published cell ends, be it over or not."""
    start, age = pl.col("cohort_start"), pl.col("age").cast(pl.Int32)
    ends = {grain: period_end(period_number(start, grain) + age, grain) for grain in grains}
    return pl.coalesce(pl.when(pl.col("cohort_grain") == grain).then(end) for grain, end in ends.items())


def dated(rows: pl.LazyFrame, grain: Grain) -> pl.LazyFrame:
    """`cohort_grain` and `cohort_start` in place of the cohort's number."""
    return rows.with_columns(cohort_grain=pl.lit(grain), cohort_start=period_start(pl.col("cohort"), grain)).drop(
        "cohort"
    )


def triangle(
    rows: pl.LazyFrame,
    keys: Sequence[str],
    sizes: Sequence[str],
    measures: Sequence[str],
    settings: Settings,
    oldest: Mapping[Grain, int] | None = None,
    *,
    only_in_range: bool = False,
) -> pl.LazyFrame:
    """Every age from 0 to the watermark for every cohort that is not empty: keys, `age`, `is_complete`, the sizes on
    every row, measures 0 where there were no facts; or only those whose period ends in the range of days or after it.

    `rows` has the sizes of a cohort on its row of age 0, first of them how many are in it: everybody who is, is there.
    `oldest` is the last age of those grains that do not go on to the watermark. Keys come as categories: cells are
    joined and grouped by them, which takes half as long as by text.
    """
    grains: tuple[Grain, ...] = ("day", "week", "month")
    rows = once(rows.with_columns(pl.col(_texts(rows, keys)).cast(pl.Categorical)))
    parts = [
        _triangle(
            rows.filter(pl.col("cohort_grain") == grain),
            keys,
            sizes,
            measures,
            grain,
            settings,
            (oldest or {}).get(grain),
            _ages_before_range(grain, settings) if only_in_range else pl.lit(SIZE_AGE, pl.Int32),
        )
        for grain in grains
    ]
    return pl.concat(parts)


def _texts(rows: pl.LazyFrame, keys: Sequence[str]) -> list[str]:
    return [name for name, dtype in rows.collect_schema().items() if name in keys and dtype == pl.String]


def _triangle(
    rows: pl.LazyFrame,
    keys: Sequence[str],
    sizes: Sequence[str],
    measures: Sequence[str],
    grain: Grain,
    settings: Settings,
    oldest: int | None,
    youngest: pl.Expr,
) -> pl.LazyFrame:
    last = pl.lit(settings.last_day)
    cohort = period_number(pl.col("cohort_start"), grain)
    cohorts = rows.filter(pl.col("age") == SIZE_AGE, pl.col(sizes[0]) > 0).select(*keys, *sizes)
    most = pl.min_horizontal(period_number(last, grain) - cohort, pl.lit(oldest, pl.Int32))
    ages = pl.int_ranges(pl.max_horizontal(youngest, SIZE_AGE), most + 1, dtype=pl.Int64)
    every_age = cohorts.with_columns(age=ages).explode("age", empty_as_null=False)
    return every_age.join(rows.select(*keys, "age", *measures), on=[*keys, "age"], how="left").with_columns(
        pl.col(measures).fill_null(0), is_complete=period_end(cohort + pl.col("age"), grain) <= last
    )
