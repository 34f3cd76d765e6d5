"""Customer retention by calendar period as it would be written in plain frames: what the arrays are held to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from assets.calendar import Grain, day_number, period_number, to_date
from assets.once import once
from assets.periods import PERIODS, as_days, boundaries, dated, first_periods
from assets.retention import ACTIVE, BASES, activity, recent
from assets.segments import spans_of, split, split_starts
from assets.steps import overlay
from tests.metrics.plain_forms import first_facts_by_basis, window_counts
from warehouse.settings import Settings

_KEYS: Final = ["basis", "segment", "segment_value"]


def customer_retention_calendar(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """The counts by basis, period and segment; a customer's segment is read as in a window of the period's days."""
    segments = spans_of(segment_spans, BASES)
    starts = once(
        split_starts(first_facts_by_basis(people), segments, ["basis"], replace(settings, first_day=date.min))
    )
    owner = ["basis", "person"]
    since_new_year = (settings.first_day - settings.first_day.replace(month=1, day=1)).days + 1
    pieces = once(overlay([activity(recent(activity_spans, since_new_year, settings))], owner))
    firsts = once(_first_starts(activity_spans))
    parts = []
    for grain in PERIODS:
        stood = boundaries(pieces, owner, "state", grain, settings).join(firsts, on=owner)
        parts += [_counts(stood, segments, grain), first_periods(starts, grain)]
    return pl.concat(parts, how="diagonal")


def _first_starts(spans: pl.LazyFrame) -> pl.LazyFrame:
    """When each customer was active for the first time: basis, person, `first_start` (day number)."""
    return spans.group_by("basis", "person").agg(first_start=day_number(pl.col("start_day").min()))


def _counts(stood: pl.LazyFrame, segments: pl.LazyFrame, grain: Grain) -> pl.LazyFrame:
    was_there, is_there = pl.col("then") == ACTIVE, pl.col("now") == ACTIVE
    is_first = period_number(to_date(pl.col("first_start")), grain) == pl.col("number")
    pieces = as_days(stood.filter(was_there | is_there).with_columns(is_first=is_first), was_there)
    return (
        dated(split(pieces, segments, pl.col("days_ago")), grain)
        .group_by("period", "period_start", *_KEYS)
        .agg(**{name: value.cast(pl.Int64).sum() for name, value in window_counts().items()})
    )
