"""Daily, weekly and four-weekly active users, and where they came from: new, retained, resurrected, dormant.

Source: METRICS.md section 4.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.segments import first_rows, rolled_up, spans_of, split, split_starts
from assets.steps import changes, delayed, overlay, trailing
from warehouse.settings import Settings
from warehouse.table import Column, Derived, Measure, Ratio, Table

PERIODS = (1, 7, 28)

table = Table(
    name="user_activity_daily",
    description="Users by lifecycle for the period of 1, 7 or 28 days that ends on each day.",
    layer="metrics",
    grain=(
        Column("date", pl.Date, "The last day of the period.", "day"),
        Column("period_days", pl.Int64, "How many days the period has.", "days", allowed=PERIODS),
    ),
    columns=(
        Measure(
            "users_active", description="Users with an event in the period.", unit="users", kind="stock", minimum=0
        ),
        Measure(
            "users_active_before",
            description="Users with an event in the period before.",
            unit="users",
            kind="stock",
            minimum=0,
        ),
        Measure(
            "users_new",
            description="Users whose first event ever is in the period.",
            unit="users",
            kind="stock",
            minimum=0,
        ),
        Measure(
            "users_retained",
            description="Users active in this period and the one before.",
            unit="users",
            kind="stock",
            minimum=0,
        ),
        Derived(
            "users_resurrected",
            description="Active now, not new, and not active in the period before.",
            unit="users",
            minimum=0,
            expression=lambda: pl.col("users_active") - pl.col("users_new") - pl.col("users_retained"),
        ),
        Derived(
            "users_dormant",
            description="Active in the period before, not in this one.",
            unit="users",
            minimum=0,
            expression=lambda: pl.col("users_active_before") - pl.col("users_retained"),
        ),
        Measure(
            "user_days",
            description="Daily active users summed over the period.",
            unit="user-days",
            kind="stock",
            minimum=0,
        ),
        Ratio(
            "stickiness",
            description="Share of the period's days on which its users were active: user_days / (days x active).",
            unit="share",
            minimum=0,
            maximum=1,
            expression=lambda: pl.when(pl.col("users_active") > 0).then(
                pl.col("user_days") / (pl.col("period_days") * pl.col("users_active"))
            ),
        ),
        Ratio(
            "quick_ratio",
            description="Users gained for each user lost: (new + resurrected) / dormant.",
            unit="ratio",
            minimum=0,
            expression=lambda: pl.when(pl.col("users_dormant") > 0).then(
                (pl.col("users_new") + pl.col("users_resurrected")) / pl.col("users_dormant")
            ),
        ),
    ),
    segmented=True,
    look_back_days=2 * max(PERIODS) + 1,
    sources=("events",),
)
MEASURES = [measure.name for measure in table.measures]


def measure(
    user_days: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the stocks by day, period and segment.

    Where a user keeps its segment value they come from the gaps between its active days; where it does not, from laying
    each period over the one before.
    """
    changing = spans_of(segment_spans, "user", ["user"]).filter(pl.col("segment") == "tenure")
    return pl.concat(
        [_by_kept_values(user_days, people, settings), _by_changing_values(user_days, people, changing, settings)],
        how="diagonal",
    )


def _by_kept_values(user_days: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    users = people.filter(pl.col("kind") == "user").select("person", "first_day", *settings.dimensions)
    gaps = _gaps(user_days, users, settings)
    pieces = pl.concat([_pieces(gaps, period) for period in PERIODS])
    combined = changes(
        pieces,
        ["period_days", *settings.dimensions],
        {name: pl.col(name) for name in MEASURES},
        settings.first_day,
        settings.last_day,
    )
    periods = pl.LazyFrame({"period_days": PERIODS}, schema={"period_days": pl.Int64})
    starts = first_rows(users, "first_day", settings).join(periods, how="cross")
    rows = pl.concat([combined, starts], how="diagonal").with_columns(pl.col(MEASURES).fill_null(0))
    return rolled_up(rows, settings.dimensions, ["date", "period_days"], MEASURES)


def _gaps(user_days: pl.LazyFrame, users: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """How many users were active on a day, by the days since they were active before.

    A gap too long for any period, and one that reaches behind what was read, count alike.
    """
    longest = 2 * max(PERIODS)
    return (
        user_days.sort("person", "day")
        .with_columns(gap=(day_number(pl.col("day")) - day_number(pl.col("day")).shift(1).over("person")))
        .with_columns(pl.col("gap").fill_null(longest).clip(upper_bound=longest))
        .join(users, on="person")
        .group_by("day", "gap", *settings.dimensions)
        .agg(users=pl.len().cast(pl.Int64), new=(pl.col("day") == pl.col("first_day")).sum().cast(pl.Int64))
        .with_columns(day=day_number(pl.col("day")))
    )


def _pieces(gaps: pl.LazyFrame, period: int) -> pl.LazyFrame:
    """On which days D a user's active day d, g days after the one before it, counts for the period (D - k, D].

    It is the period's first active day of that user while D >= d + k - g, so the user is counted once; the user was
    active in the period before while also D < d + 2k - g.
    """
    day, gap = pl.col("day"), pl.col("gap")
    counted_from = day + pl.max_horizontal(pl.lit(0), period - gap)
    zero = {name: pl.lit(0, pl.Int64) for name in MEASURES}

    def piece(start: pl.Expr, end: pl.Expr, **values: pl.Expr) -> pl.LazyFrame:
        return gaps.with_columns(start=start, end=end, period_days=pl.lit(period, pl.Int64), **(zero | values))

    users = pl.col("users")
    return pl.concat(
        [
            piece(counted_from, day + period, users_active=users),
            piece(counted_from + period, day + 2 * period, users_active_before=users),
            piece(day, day + period, users_new=pl.col("new"), user_days=users),
            piece(counted_from, day + pl.min_horizontal(pl.lit(period), 2 * period - gap), users_retained=users),
        ]
    )


def _by_changing_values(
    user_days: pl.LazyFrame, people: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """A user's value is that at the end of the period before if active in it, else that at the end of the period."""
    users = people.filter(pl.col("kind") == "user").select("person", day="first_day")
    pieces = [split(_periods(user_days, users, period), segments, pl.col("days_ago")) for period in PERIODS]
    is_active, was_active = pl.col("days_now") > 0, pl.col("days_then") > 0
    counts = {
        "users_active": is_active,
        "users_active_before": was_active,
        "users_new": is_active & (pl.col("start") < pl.col("new_until")),
        "users_retained": is_active & was_active,
        "user_days": pl.col("days_now"),
    }
    keys = ["period_days", "segment", "segment_value"]
    periods = pl.LazyFrame({"period_days": PERIODS}, schema={"period_days": pl.Int64})
    return pl.concat(
        [
            changes(pl.concat(pieces), keys, counts, settings.first_day, settings.last_day),
            split_starts(users, segments, [], settings).join(periods, how="cross"),
        ],
        how="diagonal",
    )


def _periods(user_days: pl.LazyFrame, users: pl.LazyFrame, period: int) -> pl.LazyFrame:
    """Pieces with an active day in the period or the one before it: person, start, end, `days_now`, `days_then`."""
    came = user_days.select("person", day=day_number(pl.col("day")), days_now=pl.lit(1, pl.Int64))
    now = trailing(came, period, ["days_now"])
    then = delayed(now, period).rename({"days_now": "days_then"})
    return (
        overlay([now, then], ["person"])
        .join(users.select("person", new_until=day_number(pl.col("day")) + period), on="person")
        .with_columns(
            period_days=pl.lit(period, pl.Int64), days_ago=pl.when(pl.col("days_then") > 0).then(period).otherwise(0)
        )
    )
