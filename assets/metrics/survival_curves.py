"""How long customers stay: the Kaplan-Meier curve of the first span of each basis, as of the watermark.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from assets.cohorts import with_first_plan
from assets.retention import basis_column
from assets.segments import rolled_up
from warehouse.settings import Settings
from warehouse.table import Column, Measure, Table

# Two-sided 95 %.
_Z: Final = 1.959963984540054


def _share(name: str, description: str) -> Column:
    return Column(name, pl.Float64, description, "share", nullable=True, minimum=0, maximum=1)


table = Table(
    name="survival_curves",
    description="Customers by the age of their first span: how many were at risk, lost or censored, and the "
    "Kaplan-Meier estimate of the share that stays longer.",
    layer="metrics",
    grain=(
        basis_column(),
        Column("age_days", pl.Int64, "Days since the first active day.", "days", minimum=0),
    ),
    columns=(
        Measure(
            "at_risk", description="Customers active until then, and seen at this age.", unit="customers", minimum=1
        ),
        Measure("lost", description="Of these, those whose first span ends at it.", unit="customers", minimum=0),
        Measure("censored", description="Of these, those active at it, the watermark.", unit="customers", minimum=0),
        _share("survival", "The product of 1 - lost / at_risk over the ages so far."),
        _share(
            "survival_low", "Lower end of its 95 % interval (Greenwood, log-log); null where nobody is lost or left."
        ),
        _share("survival_high", "Upper end of that interval."),
    ),
    partitioning="whole",
    segmented=True,
    every_day=False,
    sources=("orders", "subscriptions", "events"),
)
KEYS = ["basis", "segment", "segment_value"]


def measure(
    activity_spans: pl.LazyFrame, plan_spans: pl.LazyFrame, people: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Who is lost or censored at each age, by basis and what a customer keeps for good."""
    last = pl.lit(settings.last_day)
    customers = people.filter(pl.col("kind") == "customer").select("person", *settings.dimensions)
    dimensions = [*settings.dimensions, *(["plan"] if "subscriptions" in settings.sources else [])]
    first = (
        activity_spans.filter(pl.col("start_day") <= last)
        .group_by("basis", "person")
        .agg(first_day=pl.col("start_day").min(), end_day=pl.col("end_day").sort_by("start_day").first())
        .with_columns(is_lost=(pl.col("end_day") <= last).fill_null(False))
        .with_columns(until=pl.when("is_lost").then("end_day").otherwise(last))
        .with_columns(age_days=(pl.col("until") - pl.col("first_day")).dt.total_days())
    )
    combined = (
        with_first_plan(first, plan_spans)
        .join(customers, on="person")
        .group_by("basis", "age_days", *dimensions)
        .agg(lost=pl.col("is_lost").sum().cast(pl.Int64), censored=(~pl.col("is_lost")).sum().cast(pl.Int64))
    )
    return rolled_up(combined, dimensions, ["basis", "age_days"], ["lost", "censored"])


def finish(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Every age up to the oldest, who is at risk at it, and the curve."""
    ages = (
        rows.group_by(KEYS)
        .agg(pl.col("age_days").max())
        .with_columns(age_days=pl.int_ranges(0, pl.col("age_days") + 1, dtype=pl.Int64))
        .explode("age_days", empty_as_null=False)
    )
    gone = pl.col("lost") + pl.col("censored")
    return with_curve(
        ages.join(rows, on=[*KEYS, "age_days"], how="left")
        .with_columns(pl.col("lost", "censored").fill_null(0))
        .sort(*KEYS, "age_days")
        .with_columns(at_risk=gone.sum().over(KEYS) - gone.cum_sum().over(KEYS) + gone),
        KEYS,
    )


def with_curve(rows: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Adds the Kaplan-Meier estimate and its interval; the rows of a key are in the order of age.

    Greenwood's variance of log S is the sum of lost / (at_risk x (at_risk - lost)); the interval is symmetric in
    log(-log S), so that it stays within 0 and 1.
    """
    lost, at_risk = pl.col("lost").cast(pl.Float64), pl.col("at_risk").cast(pl.Float64)
    survival, log_survival = pl.col("survival"), pl.col("survival").log()
    has_interval = (survival > 0) & (survival < 1)
    width = (_Z * pl.col("variance").sqrt() / log_survival).abs().exp()
    return (
        rows.with_columns(
            survival=((at_risk - lost) / at_risk).cum_prod().over(keys),
            variance=(lost / (at_risk * (at_risk - lost))).cum_sum().over(keys),
        )
        .with_columns(
            survival_low=pl.when(has_interval).then(survival.pow(width)),
            survival_high=pl.when(has_interval).then(survival.pow(1 / width)),
        )
        .drop("variance")
    )
