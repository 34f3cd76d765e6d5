"""Daily, weekly and four-weekly active users, and where they came from: new, retained, resurrected, dormant.

Source: docs/metrics.md section 4.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from assets.kernels.active_days import ActiveDays, active_days, splits
from assets.kernels.lifecycle import MEASURES, changes_in_range, lifecycle_of
from assets.segments import starts_of_users
from assets.states.segment_spans import NEW_FOR_DAYS
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL, Column, Derived, Measure, Ratio, Table

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


def measure(user_days: pl.LazyFrame, people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Changes of the stocks by day, period and segment, from the gaps between each user's active days."""
    users = people.filter(pl.col("kind") == "user").select("person", "first_day", *settings.dimensions)
    seen_from = pl.lit(settings.first_day).dt.offset_by(f"-{table.look_back_days}d")
    active = active_days(user_days.filter(pl.col("day").is_between(seen_from, settings.last_day)), users)
    periods = pl.LazyFrame({"period_days": PERIODS}, schema={"period_days": pl.Int64})
    starts = starts_of_users(active.users.lazy(), settings).join(periods, how="cross")
    return pl.concat([*(rows.lazy() for rows in _changes(active, settings)), starts], how="diagonal").with_columns(
        pl.col(MEASURES).fill_null(0)
    )


def _changes(active: ActiveDays, settings: Settings) -> Iterator[pl.DataFrame]:
    """The changes of `all`, of each dimension, and of tenure: `established` is everybody less who is `new`."""
    if not active.blocks:
        yield pl.DataFrame(schema=dict.fromkeys(MEASURES, pl.Int64))
        return
    lifecycle = lifecycle_of(active, PERIODS)
    everybody, new = lifecycle.of_newcomers(NEW_FOR_DAYS)
    yield changes_in_range(everybody, SEGMENT_ALL, pl.Series([SEGMENT_ALL]), PERIODS, settings)
    for value, counted in (("new", new), ("established", everybody - new)):
        yield changes_in_range(counted, "tenure", pl.Series([value]), PERIODS, settings)
    for split in splits(active.users, settings.dimensions):
        for part in split.parts(lifecycle.values_at_once):
            changes = lifecycle.of_values(part.codes, len(part.values))
            yield changes_in_range(changes, part.segment, part.values, PERIODS, settings)
