"""Payments by the day they were first tried: how many failed, and what of it was collected within 30 days.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from assets.calendar import day_number
from assets.conversion import converted
from assets.once import once
from assets.revenue import OWNER, amount, currency_columns
from assets.segments import spans_of, split, split_starts
from assets.states.plan_spans import NO_PLAN
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL, UNKNOWN, Column, Derived, Measure, Ratio, Table

RECOVERY_DAYS: Final = 30


def _count(name: str, description: str) -> Measure:
    return Measure(name, description=description, unit="payments", minimum=0)


def _share(name: str, numerator: str, denominator: str, complete_only: bool) -> Ratio:
    return Ratio(
        name,
        description=f"{numerator} / {denominator}{'; null while is_complete is false' if complete_only else ''}.",
        unit="share",
        numerator=numerator,
        denominator=denominator,
        complete_only=complete_only,
        minimum=0,
        maximum=1,
    )


table = Table(
    name="payments_daily",
    description="First attempts to collect a payment on each day, those that failed, and what was recovered.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day of the first attempt.", "day"), *currency_columns()),
    columns=(
        _count("attempts", "First attempts: payments that were due."),
        _count("failed", "Of these, attempts that failed."),
        _count("recovered", f"Of these, payments collected within {RECOVERY_DAYS} days of the first attempt."),
        amount("amount_due", "Amount of the first attempts.", minimum=0),
        amount("amount_failed", "Amount of those that failed.", minimum=0),
        amount("amount_recovered", "Collected of it in that time, at most what failed.", minimum=0),
        _share("failure_rate", "failed", "attempts", False),
        _share("recovery_rate", "recovered", "failed", True),
        _share("amount_recovery_rate", "amount_recovered", "amount_failed", True),
        Derived(
            "is_complete",
            pl.Boolean,
            f"Whether the {RECOVERY_DAYS} days were over at the watermark; else the recovery rates are null.",
            "flag",
            expression=lambda: pl.col("_days_since") >= RECOVERY_DAYS,
        ),
    ),
    partitioning="whole",
    segmented=True,
    recalls=(0,),
    sources=("payments",),
)
COUNTS = ["attempts", "failed", "recovered"]
AMOUNTS = ["amount_due", "amount_failed", "amount_recovered"]
KEYS = ["date", "currency", "segment", "segment_value"]


def measure(
    invoices: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Counts and amounts by day, currency and segment, in contract currency."""
    last, start = pl.lit(settings.last_day), day_number(pl.col("day"))
    customers = people.filter(pl.col("kind") == "customer").select("person", known_since="first_day")
    in_time = pl.min_horizontal(last, pl.col("day") + pl.duration(days=RECOVERY_DAYS))
    is_recovered = pl.col("is_failed") & (pl.col("collected_day") <= in_time)
    payments = once(
        invoices.filter(pl.col("day") <= last)
        .join(customers, on="person", how="left")
        .with_columns(
            start=start,
            end=start + 1,
            attempts=pl.lit(1, pl.Int64),
            failed=pl.col("is_failed").cast(pl.Int64),
            recovered=is_recovered.cast(pl.Int64),
            amount_due="amount",
            amount_failed=pl.when("is_failed").then("amount"),
            amount_recovered=pl.when(is_recovered).then(pl.min_horizontal("amount", "collected")),
        )
    )
    open_ones = payments.filter(pl.col("day") >= _first_open_day(settings))
    segments = spans_of(segment_spans, ["subscription"])
    is_known = (pl.col("known_since") <= pl.col("day")).fill_null(False)
    counted = pl.concat(
        [split(open_ones.filter(is_known), segments), _of_strangers(open_ones.filter(~is_known), settings)],
        how="diagonal",
    )
    first = payments.group_by(*OWNER, "known_since").agg(pl.col("day").min())
    since = first.with_columns(pl.max_horizontal("day", "known_since"))
    return pl.concat(
        [
            counted.group_by(pl.col("day").alias("date"), *KEYS[1:]).agg(pl.col([*COUNTS, *AMOUNTS]).sum()),
            split_starts(since, segments, ["currency"], settings.of_all_days()),
        ],
        how="diagonal",
    ).with_columns(is_converted=pl.lit(False))


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Payments whose days of recovery were over before the range, in contract currency."""
    is_over = pl.col("date") < _first_open_day(settings)
    return published.filter(is_over, ~pl.col("is_converted")).select(*KEYS, "is_converted", *COUNTS, *AMOUNTS)


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows in contract currency."""
    return published.filter(~pl.col("is_converted"))


def _first_open_day(settings: Settings) -> pl.Expr:
    return pl.lit(settings.first_day).dt.offset_by(f"-{RECOVERY_DAYS}d")


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the converted rows, at the rate of the day, and how long ago the day is."""
    whole = rows
    if settings.reporting_currency is not None:
        keys = ["date", "segment", "segment_value"]
        amounts = converted(rows, fx_rates, keys, dict.fromkeys(AMOUNTS, pl.col("date")), settings)
        counts = rows.group_by(keys).agg(pl.col(COUNTS).sum())
        whole = pl.concat([rows, counts.join(amounts, on=keys)], how="diagonal")
    return whole.with_columns(_days_since=(pl.lit(settings.last_day) - pl.col("date")).dt.total_days())


def _of_strangers(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Payments of customers whom no other source has named by then: every segment has its value for nobody."""
    values = {SEGMENT_ALL: SEGMENT_ALL, **dict.fromkeys(settings.dimensions, UNKNOWN), "tenure": "new"}
    if "subscriptions" in settings.sources:
        values["plan"] = NO_PLAN
    if settings.sources & {"orders", "subscriptions"}:
        values["value_tier"] = UNKNOWN
    return pl.concat(
        rows.with_columns(segment=pl.lit(segment), segment_value=pl.lit(value)) for segment, value in values.items()
    )
