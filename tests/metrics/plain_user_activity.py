"""The plain form of what assets/kernels/lifecycle.py counts: user_activity_daily by Polars alone."""

from __future__ import annotations

import polars as pl

from assets.calendar import ALWAYS_BEFORE, NEVER, day_number
from assets.metrics.user_activity_daily import MEASURES, PERIODS
from assets.once import once
from assets.packing import LONGER_THAN_ANY, day_in, owner_in, packed
from assets.segments import rolled_up, split_starts
from assets.states.segment_spans import NEW_FOR_DAYS
from assets.steps import changes, delayed, overlay, trailing
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL


def with_gaps(user_days: pl.LazyFrame) -> pl.LazyFrame:
    """One row per user and day, in this order: `person`, `day` (number), `gap` in days. A first day, and one whose day
    before was not read, has a gap longer than any other."""
    at = pl.col("at")
    return (
        user_days.select(at=packed(pl.col("person"), day_number(pl.col("day"))))
        .sort("at")
        .select(person=owner_in(at, pl.UInt32), day=day_in(at), gap=at.diff().fill_null(LONGER_THAN_ANY))
    )


def measure(user_days: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Changes of the stocks by day, period and segment, from the gaps between each user's active days."""
    dimensions = list(settings.dimensions)
    users = people.filter(pl.col("kind") == "user").select("person", "first_day", *dimensions)
    days = once(_with_gaps(user_days, users))
    periods = pl.LazyFrame({"period_days": PERIODS}, schema={"period_days": pl.Int64})
    cells = once(_cells(days, dimensions))
    combined = once(_changes(pl.concat([_pieces(cells, period) for period in PERIODS]), dimensions, settings))
    starts = _first_rows(users, settings).join(periods, how="cross")
    kept = rolled_up(_with_zeros([combined, starts]), dimensions, ["date", "period_days"], MEASURES)
    began = split_starts(users.rename({"first_day": "day"}), _tenures(users), [], settings).join(periods, how="cross")
    young_cells = once(_young_cells(days))
    pieces = [_young_pieces(days, young_cells, period) for period in PERIODS]
    young = once(_changes(pl.concat(pieces), [], settings))
    return _with_zeros([kept, began, *_by_tenure(combined, young)])


def _tenures(users: pl.LazyFrame) -> pl.LazyFrame:
    """The tenure of each user as spans of days."""
    turn = day_number(pl.col("first_day")) + NEW_FOR_DAYS
    new = {"segment_value": pl.lit("new"), "since": pl.lit(ALWAYS_BEFORE), "until": turn}
    established = {"segment_value": pl.lit("established"), "since": turn, "until": pl.lit(NEVER)}
    spans = pl.concat(users.select("person", **value) for value in (new, established))
    return spans.with_columns(segment=pl.lit("tenure"))


def _first_rows(users: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Where the rows of each combination of values begin: `date` (not before the range) and the dimensions."""
    # A column and not a literal: nobody in the shard makes no group, where a literal makes one.
    return (
        users.filter(pl.col("first_day") <= settings.last_day)
        .with_columns(everybody=pl.lit(SEGMENT_ALL))
        .group_by("everybody", *settings.dimensions)
        .agg(date=pl.max_horizontal(pl.col("first_day").min(), pl.lit(settings.first_day)))
        .select("date", *settings.dimensions)
    )


def _with_gaps(user_days: pl.LazyFrame, users: pl.LazyFrame) -> pl.LazyFrame:
    """Each user's active days with `gap`, the days since the one before.

    A gap too long for any period, and one that reaches behind what was read, count alike.
    """
    return (
        with_gaps(user_days)
        .with_columns(pl.col("gap").clip(upper_bound=2 * max(PERIODS)).cast(pl.Int32))
        .join(users, on="person")
        .with_columns(first_day=day_number(pl.col("first_day")))
    )


def _cells(days: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """How many users were active on a day, and how many for the first time, by gap and keys."""
    return days.group_by("day", "gap", *keys).agg(
        users=pl.len().cast(pl.Int64), new=(pl.col("day") == pl.col("first_day")).sum().cast(pl.Int64)
    )


def _pieces(cells: pl.LazyFrame, period: int) -> pl.LazyFrame:
    """On which days D a user's active day d, g days after the one before it, counts for the period (D - k, D].

    It is the period's first active day of that user while D >= d + k - g, so the user is counted once; the user was
    active in the period before while also D < d + 2k - g.
    """
    day, gap, users = pl.col("day"), pl.col("gap"), pl.col("users")
    counted_from = day + pl.max_horizontal(pl.lit(0), period - gap)
    zero = {name: pl.lit(0, pl.Int64) for name in MEASURES}

    def piece(start: pl.Expr, end: pl.Expr, **values: pl.Expr) -> pl.LazyFrame:
        return cells.with_columns(start=start, end=end, period_days=pl.lit(period, pl.Int64), **(zero | values))

    return pl.concat(
        [
            piece(counted_from, day + period, users_active=users),
            piece(counted_from + period, day + 2 * period, users_active_before=users),
            piece(day, day + period, users_new=pl.col("new"), user_days=users),
            piece(counted_from, day + pl.min_horizontal(pl.lit(period), 2 * period - gap), users_retained=users),
        ]
    )


def _young_cells(days: pl.LazyFrame) -> pl.LazyFrame:
    """The cells of users of tenure `new`, also by how many days are `left` of it, no more than count."""
    left = pl.min_horizontal(pl.col("first_day") + NEW_FOR_DAYS - pl.col("day"), pl.lit(2 * max(PERIODS)))
    return _cells(days.with_columns(left=left).filter(pl.col("left") > 0), ["left"])


def _young_pieces(days: pl.LazyFrame, young_cells: pl.LazyFrame, period: int) -> pl.LazyFrame:
    """The pieces that count for users of tenure `new`: until they are 90 days old, and up to a period longer while the
    value is that of the period before."""
    turns = pl.col("first_day") + NEW_FOR_DAYS
    cells = (
        young_cells.with_columns(pl.col("gap", "left").clip(upper_bound=2 * period))
        .group_by("day", "gap", "left")
        .agg(pl.col("users", "new").sum())
    )
    until_old = _pieces(cells, period).with_columns(end=pl.min_horizontal("end", pl.col("day") + pl.col("left")))
    came = days.filter(pl.col("day").is_between(turns - 2 * period, turns + period, closed="none")).select(
        "person", "day", days_now=pl.lit(1, pl.Int64)
    )
    now = trailing(came, period, ["days_now"])
    is_active = (pl.col("days_now") > 0).cast(pl.Int64)
    still_read_as_young = (
        overlay([now, delayed(now, period).rename({"days_now": "days_then"})], ["person"])
        .filter(pl.col("days_then") > 0)
        .join(days.select("person", turns=turns).unique(), on="person")
        .select(
            start=pl.max_horizontal("start", "turns"),
            end=pl.min_horizontal("end", pl.col("turns") + period),
            period_days=pl.lit(period, pl.Int64),
            users_active=is_active,
            users_active_before=pl.lit(1, pl.Int64),
            users_new=pl.lit(0, pl.Int64),
            users_retained=is_active,
            user_days=pl.col("days_now"),
        )
    )
    return pl.concat([until_old.select("start", "end", "period_days", *MEASURES), still_read_as_young])


def _by_tenure(everybody: pl.LazyFrame, young: pl.LazyFrame) -> list[pl.LazyFrame]:
    """`new` as counted; `established` is everybody less those, where anything is left."""
    named = pl.lit("tenure").alias("segment")
    less = young.with_columns((0 - pl.col(name)).alias(name) for name in MEASURES)
    old = pl.concat([everybody.select(young.collect_schema().names()), less])
    established = (
        old.group_by("date", "period_days")
        .agg(pl.col(MEASURES).sum())
        .filter(pl.any_horizontal(pl.col(name) != 0 for name in MEASURES))
    )
    return [
        young.with_columns(named, segment_value=pl.lit("new")),
        established.with_columns(named, segment_value=pl.lit("established")),
    ]


def _changes(pieces: pl.LazyFrame, keys: list[str], settings: Settings) -> pl.LazyFrame:
    counts = {name: pl.col(name) for name in MEASURES}
    return changes(pieces, ["period_days", *keys], counts, settings.first_day, settings.last_day)


def _with_zeros(parts: list[pl.LazyFrame]) -> pl.LazyFrame:
    return pl.concat(parts, how="diagonal").with_columns(pl.col(MEASURES).fill_null(0))
