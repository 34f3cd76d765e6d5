"""Net and gross revenue retention over windows of 30, 90 and 365 days, for every day.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.calendar import day_number, to_date
from assets.kernels.retention_windows import NOBODY, activities
from assets.kernels.revenue_windows import (
    Currencies,
    currencies_of,
    for_owners,
    mrr_timeline,
    revenue_window,
    trailing_revenue,
    window_amounts,
)
from assets.kernels.segment_codes import Segments, segments_of
from assets.kernels.tallies import places
from assets.kernels.timelines import Timeline
from assets.revenue import OWNER, RETENTION_MEASURES, RETENTION_RATES, currency_columns, with_converted
from warehouse.settings import Settings
from warehouse.table import Column, Table

WINDOWS = (30, 90, 365)
BASES = ("subscription", "orders")

table = Table(
    name="revenue_retention_daily",
    description="Revenue at the start of the window that ends on each day, and what is left of it at the end.",
    layer="metrics",
    grain=(
        Column("basis", pl.String, "MRR, or net order revenue.", "basis", allowed=BASES),
        Column("date", pl.Date, "The last day of the window.", "day"),
        Column("window_days", pl.Int64, "How many days the window has.", "days", allowed=WINDOWS),
        *currency_columns(),
    ),
    columns=(*RETENTION_MEASURES, *RETENTION_RATES),
    segmented=True,
    recalls=(0, *WINDOWS, *(2 * days for days in WINDOWS)),
    sources=("subscriptions", "orders"),
)


def measure(
    mrr_changes: pl.LazyFrame,
    order_days: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Changes of the amounts by day, basis, window, currency and segment, in contract currency."""
    segments = segments_of(segment_spans, BASES)
    parts = [
        _by_mrr(mrr_changes, subscription_mrr, segments, settings),
        _by_orders(order_days, activity_spans, segments, settings),
    ]
    return pl.concat(parts, how="diagonal").with_columns(is_converted=pl.lit(False)).lazy()


def _by_mrr(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segments: Segments, settings: Settings
) -> pl.DataFrame:
    """Who has MRR at the start of a window is active then, whatever the currency."""
    currencies = currencies_of(subscription_mrr, "subscription", segments)
    day = day_number(pl.col("day")).cast(pl.Int64)
    changes = mrr_changes.select("person", "currency", "before", "after", day=day).collect()
    mrr = mrr_timeline(changes, currencies.owners(changes))
    return _windows(currencies, dict.fromkeys(WINDOWS, (mrr, None)), settings)


def _by_orders(
    order_days: pl.LazyFrame, activity_spans: pl.LazyFrame, segments: Segments, settings: Settings
) -> pl.DataFrame:
    currencies = currencies_of(order_days, "orders", segments)
    spans = activity_spans.filter(pl.col("basis") == "orders")
    active = activities(spans, max(WINDOWS), settings).get("orders", NOBODY)
    looks = {}
    for days in WINDOWS:
        begins = day_number(pl.lit(settings.first_day)) - 2 * days
        seen = order_days.select(*OWNER, "revenue", day=day_number(pl.col("day"))).filter(pl.col("day") >= begins)
        rows = seen.collect()
        owners = currencies.owners(rows)
        looks[days] = trailing_revenue(rows, owners, days), for_owners(active.state, owners)
    return _windows(currencies, looks, settings)


def _windows(
    currencies: Currencies, looks: Mapping[int, tuple[Timeline, Timeline | None]], settings: Settings
) -> pl.DataFrame:
    """The changes of all windows, from the revenue and the activity that each looks at."""
    where = places(currencies.keys, settings)
    begins = where.of(*currencies.starts(settings))
    rows = []
    for days, (revenue, active) in looks.items():
        pieces, days_ago = revenue_window(revenue, active, days, settings)
        amounts = window_amounts(pieces, days_ago, currencies, where)
        rows.append(where.as_rows(amounts, begins).with_columns(window_days=pl.lit(days, pl.Int64)))
    return currencies.named(pl.concat(rows)).with_columns(basis=pl.lit(currencies.basis))


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows in contract currency."""
    return published.filter(~pl.col("is_converted"))


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the converted rows: both sides of a window at the rate of its start."""
    keys = ["basis", "date", "window_days", "segment", "segment_value"]
    start = to_date(day_number(pl.col("date")) - pl.col("window_days"))
    return with_converted(rows, fx_rates, keys, start, settings)
