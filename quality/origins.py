"""Whether the metric tables say of a day what the lake says of it: the one check over everything in between.

Counted for the days this candidate is answerable for and computed, in segment `all`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from quality.identities import Frames
from quality.profile import Profile
from quality.rules import locate
from quality.verdict import Observation
from warehouse.manifest import Manifest
from warehouse.table import SEGMENT_ALL, Table

_ALL = pl.col("segment") == SEGMENT_ALL


@dataclass(frozen=True, slots=True)
class Origin:
    """`measure` of `table`, summed by day over the rows that `only` keeps, is `counted` in the days of `source`."""

    table: str
    measure: str
    only: pl.Expr
    source: str
    counted: str


ORIGINS = (
    Origin("orders_daily", "orders", _ALL & ~pl.col("is_converted"), "orders", "facts"),
    Origin("user_activity_daily", "users_active", _ALL & (pl.col("period_days") == 1), "events", "persons"),
)


def observe(frames: Frames, profiles: Mapping[str, Profile], candidate: Manifest) -> list[Observation]:
    """Every origin whose table and source are there."""
    return [
        _compared(origin, frames[origin.table], profiles[origin.source], candidate)
        for origin in ORIGINS
        if origin.table in frames and origin.source in profiles
    ]


def told_of(table: Table) -> set[str]:
    """The columns of a table that are compared with the lake."""
    mine = [origin for origin in ORIGINS if origin.table == table.name]
    return {name for origin in mine for name in ("date", origin.measure, *origin.only.meta.root_names())}


def _compared(origin: Origin, frame: pl.DataFrame, profile: Profile, candidate: Manifest) -> Observation:
    since = date.fromisoformat(candidate.first_day) if candidate.first_day else date.min
    days = pl.DataFrame({"date": [day for day in profile.judged if day >= since]}, schema={"date": pl.Date})
    published = frame.filter(origin.only).group_by("date").agg(pl.col(origin.measure).sum().alias("published"))
    lake = profile.days.select(date=pl.col("day"), in_lake=pl.col(origin.counted))
    both = days.join(published, on="date", how="left").join(lake, on="date", how="left").fill_null(0)
    apart = both.filter(pl.col("published") != pl.col("in_lake"))
    return Observation(
        check=f"{origin.measure} of a day are those of the lake",
        table=origin.table,
        observed=apart.height,
        low=0,
        high=0,
        severity="critical",
        message=f"The table and the {origin.source} it is made from disagree: a defect of the code or a damaged state.",
        column=origin.measure,
        where=locate(apart, pl.lit(True), ("date", "published", "in_lake")) if apart.height else "",
    )
