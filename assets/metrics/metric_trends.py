"""The headline rates day by day against themselves: a month, a year, the weekday, the usual range, the industry.

Made of other metric tables, in segment `all`. Source: docs/metrics.md section 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.benchmarks import BANDS, leading_basis
from assets.once import once
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL, Column, Table

MEAN_DAYS, YEAR_DAYS, WEEK_DAYS = 28, 364, 7
BAND_WEEKS, LEAST_WEEKS, BAND_WIDTH = 26, 8, 5
YEAR_WEEKS = YEAR_DAYS // WEEK_DAYS
ANNUAL_RETENTION = "customer_retention_rate_365_days"
SCALE = 10**12
PLACES = ("below", "within", "above")
_OF_CUSTOMERS = ("date", "basis", "window_days", "segment", "customer_retention_rate", "customer_churn_rate")
_OF_REVENUE = (
    *("date", "basis", "window_days", "currency", "is_converted", "segment"),
    *("net_revenue_retention", "gross_revenue_retention"),
)


def _number(name: str, description: str, unit: str = "as the metric") -> Column:
    return Column(name, pl.Float64, description, unit, nullable=True)


table = Table(
    name="metric_trends",
    description="Each headline rate on each day, and what it is compared with.",
    layer="metrics",
    grain=(
        Column("date", pl.Date, "The day.", "day"),
        Column("metric", pl.String, "The rate; its basis first and its window last where it has them.", "name"),
    ),
    columns=(
        _number("value", "The rate as its own table has it; null where that is null."),
        _number("mean_28_days", "The mean of the last 28 days; null until there are 28 values."),
        _number("value_364_days_before", "The value on the same weekday 52 weeks ago."),
        _number("change_364_days", "value - value_364_days_before."),
        _number("weekday_index", "The mean on this weekday over that of all days, in the last 364 days.", "ratio"),
        _number("month_index", "The mean in this calendar month over that of all days, in the last 364 days.", "ratio"),
        _number("band_low", "Median less 5 median deviations, of the 26 same weekdays before."),
        _number("band_high", "Median plus 5 median deviations, of the 26 same weekdays before."),
        Column("is_anomaly", pl.Boolean, "Whether the value lies outside of the band; null without one.", "flag", True),
        _number("benchmark_low", "The lower end of what is usual in the configured industry."),
        _number("benchmark_high", "The upper end of what is usual in the configured industry."),
        Column("benchmark", pl.String, "Where the value lies against it.", "place", nullable=True, allowed=PLACES),
    ),
    every_day=False,
    look_back_days=YEAR_DAYS,
    sources=("orders", "subscriptions", "events"),
)


def finish(
    customer_retention_daily: pl.LazyFrame,
    revenue_retention_daily: pl.LazyFrame,
    repeat_purchase_daily: pl.LazyFrame,
    user_activity_daily: pl.LazyFrame,
    user_retention_daily: pl.LazyFrame,
    sentiment_daily: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """The days of the range, from the tables as they are published."""
    customers, revenue = (
        once(rows.filter(pl.col("segment") == SEGMENT_ALL, pl.col("window_days").is_in([30, 365])).select(names))
        for rows, names in ((customer_retention_daily, _OF_CUSTOMERS), (revenue_retention_daily, _OF_REVENUE))
    )
    headlines = [
        *_rates(customers, "customer_retention_rate", 365, pl.col("basis")),
        *_rates(customers, "customer_churn_rate", 30, pl.col("basis")),
        *_revenue(revenue, settings),
        *_rates(repeat_purchase_daily, "repeat_purchase_rate", 90),
        *_rates(user_activity_daily, "stickiness", 28, window="period_days"),
        *_rates(user_retention_daily, "retention_rate", 7, pl.lit("user"), window="age_days"),
        *(_named(sentiment_daily, name, pl.lit(name)) for name in ("nps", "csat")),
    ]
    rows = once(pl.concat(headlines).sort("date"))
    return _with_benchmark(_with_band(_with_indices(_with_past(rows))), settings).filter(
        pl.col("date") >= settings.first_day
    )


def _named(rows: pl.LazyFrame, column: str, metric: pl.Expr) -> pl.LazyFrame:
    return rows.filter(pl.col("segment") == SEGMENT_ALL).select("date", metric.alias("metric"), value=column)


def _rates(
    rows: pl.LazyFrame, column: str, days: int, *prefix: pl.Expr, window: str = "window_days"
) -> list[pl.LazyFrame]:
    name = pl.concat_str([*prefix, pl.lit(f"{column}_{days}_days")], separator="_")
    return [_named(rows.filter(pl.col(window) == days), column, name)]


def _revenue(rows: pl.LazyFrame, settings: Settings) -> list[pl.LazyFrame]:
    """Retention of recurring revenue: in the reporting currency where there is one, else currency by currency."""
    is_reported = settings.reporting_currency is not None
    of_subscriptions = rows.filter(pl.col("basis") == "subscription", pl.col("is_converted") == is_reported)
    names = ("net_revenue_retention", "gross_revenue_retention")
    if is_reported:
        return [part for name in names for part in _rates(of_subscriptions, name, 365)]
    return [
        part for name in names for part in _rates(of_subscriptions, name, 365, pl.col("currency").str.to_lowercase())
    ]


def _with_past(rows: pl.LazyFrame) -> pl.LazyFrame:
    before = rows.select("metric", pl.col("date") + pl.duration(days=YEAR_DAYS), value_364_days_before="value")
    return rows.join(before, on=["metric", "date"], how="left", maintain_order="left").with_columns(
        change_364_days=pl.col("value") - pl.col("value_364_days_before")
    )


def _with_indices(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Means over trailing days, from sums of integers: they are the same wherever the rows begin."""
    scaled = (pl.col("value") * SCALE).round().cast(pl.Int128)
    counted = rows.with_columns(
        units=scaled.fill_null(0),
        known=pl.col("value").is_not_null().cast(pl.Int64),
        weekday=pl.col("date").dt.weekday(),
        month=pl.col("date").dt.month(),
    )
    return (
        counted.with_columns(
            mean_28_days=_trailing_mean(["metric"], MEAN_DAYS),
            mean_weekday=_trailing_mean(["metric", "weekday"], YEAR_WEEKS),
            mean_year=_trailing_mean(["metric"], YEAR_DAYS),
        )
        .join(_same_month(counted), on=["metric", "date"], maintain_order="left")
        .with_columns(
            weekday_index=pl.when(pl.col("mean_year") != 0).then(pl.col("mean_weekday") / pl.col("mean_year")),
            month_index=pl.when(pl.col("mean_year") != 0).then(pl.col("mean_month") / pl.col("mean_year")),
        )
    )


def _trailing_mean(owner: Sequence[str], rows: int) -> pl.Expr:
    """The mean of the last so many rows of the owner; null where a value of them is missing."""
    sums = (pl.col(name).cum_sum() for name in ("units", "known"))
    units, known = ((one - one.shift(rows, fill_value=0)).over(owner) for one in sums)
    return pl.when(known == rows).then(_mean(units, known))


def _mean(units: pl.Expr, known: pl.Expr) -> pl.Expr:
    return units.cast(pl.Float64) / known / SCALE


def _same_month(counted: pl.LazyFrame) -> pl.LazyFrame:
    """The mean of the days of the last 364 that lie in the day's own calendar month."""
    owner = ["metric", "month"]
    sums = counted.select(*owner, "date", pl.col("units", "known").cum_sum().over(owner))
    earlier = sums.select(*owner, "date", units_before="units", known_before="known").sort("date")
    return (
        sums.with_columns(then=pl.col("date") - pl.duration(days=YEAR_DAYS))
        .sort("then")
        .join_asof(earlier, left_on="then", right_on="date", by=owner, strategy="backward", check_sortedness=False)
        .with_columns(pl.col("units_before", "known_before").fill_null(0))
        .select(
            "metric",
            "date",
            mean_month=_mean(pl.col("units") - pl.col("units_before"), pl.col("known") - pl.col("known_before")),
        )
    )


def _with_band(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The usual range of the weekday: median and median deviation of the weeks before, robust against what was odd."""
    owner = ["metric", "weekday"]
    weeks = pl.concat_list([pl.col("value").shift(week).over(owner) for week in range(1, BAND_WEEKS + 1)])
    median = pl.col("weeks").list.median()
    deviation = pl.col("weeks").list.eval((pl.element() - pl.element().median()).abs().median()).list.first()
    is_known = pl.col("weeks").list.len() >= LEAST_WEEKS
    return (
        rows.with_columns(weeks=weeks.list.drop_nulls())
        .with_columns(
            band_low=pl.when(is_known).then(median - BAND_WIDTH * deviation),
            band_high=pl.when(is_known).then(median + BAND_WIDTH * deviation),
        )
        .with_columns(is_anomaly=~pl.col("value").is_between("band_low", "band_high"))
    )


def _with_benchmark(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    band = BANDS[settings.industry]
    is_compared = pl.col("metric") == f"{leading_basis(settings.sources)}_{ANNUAL_RETENTION}"
    place = (
        pl.when(pl.col("value") < band.low)
        .then(pl.lit("below"))
        .when(pl.col("value") > band.high)
        .then(pl.lit("above"))
        .when(pl.col("value").is_not_null())
        .then(pl.lit("within"))
    )
    return rows.with_columns(
        benchmark_low=pl.when(is_compared).then(band.low),
        benchmark_high=pl.when(is_compared).then(band.high),
        benchmark=pl.when(is_compared).then(place),
    )
