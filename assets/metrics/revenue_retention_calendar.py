"""Net and gross revenue retention by calendar month, quarter and year.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from assets.once import once
from assets.periods import (
    IS_COMPLETE,
    PERIODS,
    as_days,
    boundaries,
    dated,
    every_period,
    first_periods,
    is_before,
    once_complete,
    period_columns,
)
from assets.revenue import (
    OWNER,
    RETENTION_MEASURES,
    RETENTION_RATES,
    currency_columns,
    mrr_pieces,
    retention_amounts,
    with_converted,
)
from assets.segments import spans_of, split, split_starts
from warehouse.settings import Settings
from warehouse.table import Column, Table

table = Table(
    name="revenue_retention_calendar",
    description="MRR before each month, quarter and year, and what is left of it at the end.",
    layer="metrics",
    grain=(
        Column("basis", pl.String, "MRR.", "basis", allowed=("subscription",)),
        *period_columns(),
        *currency_columns(),
    ),
    columns=(
        *(replace(measure, kind="flow") for measure in RETENTION_MEASURES),
        *once_complete(RETENTION_RATES),
        IS_COMPLETE,
    ),
    partitioning="whole",
    segmented=True,
    recalls=(0,),
    every_day=False,
    sources=("subscriptions",),
)
KEYS = ["basis", "currency", "is_converted", "segment", "segment_value"]
MEASURES = [measure.name for measure in table.measures]


def measure(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """The amounts by period, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, ["subscription"])
    first_fact = subscription_mrr.group_by(OWNER).agg(pl.col("day").min())
    starts = once(split_starts(first_fact, segments, ["currency"], replace(settings, first_day=date.min)))
    paid = once(mrr_pieces(mrr_changes))
    parts = []
    for grain in PERIODS:
        stood = boundaries(paid, OWNER, "revenue", grain, settings).filter(pl.col("then") > 0)
        pieces = dated(split(as_days(stood, pl.lit(True)), segments, pl.col("days_ago")), grain)
        amounts = {name: value.cast(pl.Int64).sum() for name, value in retention_amounts().items()}
        parts += [
            pieces.group_by("period", "period_start", "currency", "segment", "segment_value").agg(**amounts),
            first_periods(starts, grain),
        ]
    return pl.concat(parts, how="diagonal").with_columns(basis=pl.lit("subscription"), is_converted=pl.lit(False))


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows in contract currency."""
    return published.filter(~pl.col("is_converted")).select("period", "period_start", *KEYS, *MEASURES)


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Periods that were over before the range, in contract currency."""
    return measured(published.filter(is_before(settings)))


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every period of each key up to the one of the watermark; converted at the rate of the day before the period."""
    keys = ["basis", "period", "period_start", "segment", "segment_value", "is_complete"]
    whole = every_period(rows, KEYS, MEASURES, settings).drop("number")
    return with_converted(whole, fx_rates, keys, pl.col("period_start").dt.offset_by("-1d"), settings)
