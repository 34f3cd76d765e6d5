"""Step functions of time, one per person: the one idea under retention, churn and revenue retention.

A function is a frame of its changes: owner columns, `day` (number), and for each value by how much it changes on that
day; before the first change it is 0. It is closed: an owner's changes of a value add up to 0, and what stays open falls
back on the day NEVER. So one running sum serves all owners, however many there are. A window of w days compares a
function with itself w days earlier: both are laid over each other and cut at every change of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from assets.calendar import NEVER, day_number, to_date
from assets.once import once
from assets.packing import day_in, owner_in, packed, with_number
from warehouse.settings import Settings


def closed(function: pl.LazyFrame, owner: Sequence[str], value: str) -> pl.LazyFrame:
    """The function with what is left open falling back on the day NEVER."""
    left_open = function.group_by(owner).agg(day=pl.lit(NEVER, pl.Int32).first(), change=pl.col(value).sum())
    back = left_open.select(*owner, "day", (0 - pl.col("change")).alias(value))
    return pl.concat([function.select(*owner, "day", value), back])


def delayed(function: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """The function as it was `days` days ago: every change comes later."""
    return function.with_columns(pl.col("day") + days)


def trailing(amounts: pl.LazyFrame, days: int, values: Sequence[str]) -> pl.LazyFrame:
    """The sum of the trailing `days` days of amounts that are each of one day (owner, `day`, values)."""
    gone = delayed(amounts, days).with_columns((0 - pl.col(value)).alias(value) for value in values)
    return pl.concat([amounts, gone])


def overlay(functions: Sequence[pl.LazyFrame], owner: Sequence[str]) -> pl.LazyFrame:
    """Pieces on which all functions are constant: owner, `start`, `end` (half-open, day numbers), every value.

    The functions have the same owner columns and different values. Pieces on which all are 0 are left out.
    """
    together = pl.concat(functions, how="diagonal")
    values = [name for name in together.collect_schema().names() if name not in (*owner, "day")]
    if len(owner) == 1:
        return _cut(together, owner[0], values)
    together = once(together)
    numbered = with_number(together, owner)
    if numbered is None:
        return _cut_in_columns(together, owner, values)
    return numbered.named(_cut(numbered.rows.select("owner", "day", *values), "owner", values))


def _cut(changes: pl.LazyFrame, owner: str, values: Sequence[str]) -> pl.LazyFrame:
    """The running sums between the days of change. What changes several times on a day makes pieces of no length, which
    are left out instead of added up before."""
    at, following = pl.col("at"), pl.col("following")
    return (
        changes.select(pl.col(values).fill_null(0), at=packed(pl.col(owner), pl.col("day")))
        .sort("at")
        .with_columns(pl.col(values).cum_sum(), following=at.shift(-1))
        .filter(at != following, pl.any_horizontal(pl.col(value) != 0 for value in values))
        .select(
            owner_in(at, changes.collect_schema()[owner]).alias(owner),
            *values,
            start=day_in(at),
            end=day_in(following),
        )
    )


def _cut_in_columns(changes: pl.LazyFrame, owner: Sequence[str], values: Sequence[str]) -> pl.LazyFrame:
    """The same for owners that have too many kinds to be numbered."""
    return (
        changes.group_by(*owner, "day")
        .agg(pl.col(values).sum())
        .sort(*owner, "day")
        .with_columns(pl.col(values).cum_sum(), end=pl.col("day").shift(-1))
        .filter(pl.any_horizontal(pl.col(value) != 0 for value in values))
        .rename({"day": "start"})
    )


def overlay_in_range(functions: Sequence[pl.LazyFrame], owner: Sequence[str], settings: Settings) -> pl.LazyFrame:
    """The pieces of `overlay` as far as the range of days, or the day before it, can see them.

    What changed before is one change there, and so is what changes later: of most owners little is left to sort.
    """
    first, last = (day.toordinal() - date(1970, 1, 1).toordinal() for day in (settings.first_day, settings.last_day))
    seen = [function.with_columns(pl.col("day").clip(first - 1, last + 1)) for function in functions]
    return overlay(seen, owner).filter(pl.col("start") <= last, pl.col("end") >= first)


def changes(
    pieces: pl.LazyFrame, keys: Sequence[str], measures: Mapping[str, pl.Expr], first_day: date, last_day: date
) -> pl.LazyFrame:
    """How the sum of each measure over all pieces changes: keys, `date`, measures (Int64).

    What holds before `first_day` is booked on it; what ends after `last_day` never falls. The running sum over the
    days is then the sum of the measures over the pieces that cover each day.
    """
    first, last = day_number(pl.lit(first_day)), day_number(pl.lit(last_day))
    covering = once(
        pieces.filter(pl.col("start") <= last, pl.col("end") > first, pl.col("start") < pl.col("end")).select(
            *keys, "start", "end", **{name: value.cast(pl.Int64) for name, value in measures.items()}
        )
    )
    rises = covering.select(*keys, *measures, date=pl.max_horizontal("start", first))
    falls = covering.filter(pl.col("end") <= last).select(*keys, *(-pl.col(name) for name in measures), date="end")
    return (
        pl.concat([rises, falls])
        .group_by(*keys, "date")
        .agg(pl.col(list(measures)).sum())
        .with_columns(to_date(pl.col("date")))
    )
