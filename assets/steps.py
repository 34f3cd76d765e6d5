"""Step functions of time, one per person: the one idea under retention, churn and revenue retention.

A step function is a frame of change points (owner columns, `day`, value columns): from that day on the values hold,
until the owner's next point; before the first point they are 0. A window of w days compares a function with itself
w days earlier: both are laid over each other and cut at every point of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from assets.calendar import NEVER, day_number, to_date


def shifted(function: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """The function as it was `days` days ago: every point moves to a later day."""
    return function.with_columns(pl.col("day") + days)


def align(functions: Sequence[pl.LazyFrame], owner: Sequence[str]) -> pl.LazyFrame:
    """Pieces on which all functions are constant: owner, `start`, `end` (half-open, day numbers), every value.

    The functions share the owner columns and have different value columns. Within one function an owner has at most
    one point a day. The last piece of an owner ends NEVER.
    """
    points = pl.concat(functions, how="diagonal")
    values = [name for name in points.collect_schema().names() if name not in (*owner, "day")]
    return (
        points.sort(*owner, "day")
        .with_columns(pl.col(values).forward_fill().over(owner))
        .group_by(*owner, "day", maintain_order=True)
        .agg(pl.col(values).last())
        .with_columns(pl.col(values).fill_null(0), end=pl.col("day").shift(-1).over(owner).fill_null(NEVER))
        .rename({"day": "start"})
    )


def as_pieces(function: pl.LazyFrame, owner: Sequence[str]) -> pl.LazyFrame:
    """The function as pieces `start` to `end` (half-open) on which it is constant; the last of an owner ends NEVER."""
    return (
        function.sort(*owner, "day")
        .with_columns(end=pl.col("day").shift(-1).over(owner).fill_null(NEVER))
        .rename({"day": "start"})
    )


def running_total(points: pl.LazyFrame, owner: Sequence[str], values: Sequence[str]) -> pl.LazyFrame:
    """A step function from its rises and falls: (owner, day, change of each value) added up over time."""
    return (
        points.group_by(*owner, "day")
        .agg(pl.col(values).sum())
        .sort(*owner, "day")
        .with_columns(pl.col(values).cum_sum().over(owner))
    )


def changes(
    pieces: pl.LazyFrame, keys: Sequence[str], measures: Mapping[str, pl.Expr], first_day: date, last_day: date
) -> pl.LazyFrame:
    """How the sum of each measure over all pieces changes: keys, `date`, measures (Int64).

    What holds before `first_day` is booked on it; what ends after `last_day` never falls. The running sum over the
    days is then the sum of the measures over the pieces that cover each day.
    """
    first, last = day_number(pl.lit(first_day)), day_number(pl.lit(last_day))
    covering = pieces.filter((pl.col("start") <= last) & (pl.col("end") > first), pl.col("start") < pl.col("end"))
    rises = covering.select(
        *keys,
        date=pl.max_horizontal("start", first),
        **{name: value.cast(pl.Int64) for name, value in measures.items()},
    )
    falls = covering.filter(pl.col("end") <= last).select(
        *keys, date=pl.col("end"), **{name: -value.cast(pl.Int64) for name, value in measures.items()}
    )
    return (
        pl.concat([rises, falls])
        .group_by(*keys, "date")
        .agg(pl.col(list(measures)).sum())
        .with_columns(to_date(pl.col("date")))
    )
