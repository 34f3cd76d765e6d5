"""Who bought again: customers with two or more order days in a window, of those with one or more.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.retention import activity_on, recent
from assets.segments import spans_of, split, split_starts
from assets.steps import changes, delayed, overlay_in_range, trailing
from warehouse.settings import Settings
from warehouse.table import Column, Measure, Ratio, Table

WINDOWS = (30, 90, 365)


def _stock(name: str, description: str, unit: str) -> Measure:
    return Measure(name, description=description, unit=unit, kind="stock", minimum=0)


table = Table(
    name="repeat_purchase_daily",
    description="Customers who ordered, and ordered on more than one day, in the window that ends on each day.",
    layer="metrics",
    grain=(
        Column("date", pl.Date, "The last day of the window.", "day"),
        Column("window_days", pl.Int64, "How many days the window has.", "days", allowed=WINDOWS),
    ),
    columns=(
        _stock("customers_ordering", "Customers with an order in the window.", "customers"),
        _stock("customers_repeating", "Of these, customers with orders on two or more days.", "customers"),
        Ratio(
            "repeat_purchase_rate",
            description="customers_repeating / customers_ordering.",
            unit="share",
            numerator="customers_repeating",
            denominator="customers_ordering",
            minimum=0,
            maximum=1,
        ),
        _stock("orders", "Orders in the window.", "orders"),
        Ratio(
            "orders_per_customer",
            description="orders / customers_ordering.",
            unit="orders",
            numerator="orders",
            denominator="customers_ordering",
            minimum=1,
        ),
    ),
    segmented=True,
    recalls=(0, *WINDOWS),
    sources=("orders",),
)
KEYS = ["window_days", "segment", "segment_value"]


def measure(
    order_days: pl.LazyFrame, activity_spans: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the counts by day, window and segment."""
    segments = spans_of(segment_spans, ["orders"])
    daily = order_days.group_by("person", "day").agg(pl.col("orders").sum())
    pieces = [split(_window(daily, activity_spans, days, settings), segments, pl.col("days_ago")) for days in WINDOWS]
    counts = {
        "customers_ordering": pl.lit(1),
        "customers_repeating": pl.col("order_days") > 1,
        "orders": pl.col("orders"),
    }
    first = daily.group_by("person").agg(pl.col("day").min())
    lengths = pl.LazyFrame({"window_days": WINDOWS}, schema={"window_days": pl.Int64})
    return pl.concat(
        [
            changes(pl.concat(pieces), KEYS, counts, settings.first_day, settings.last_day),
            split_starts(first, segments, [], settings).join(lengths, how="cross"),
        ],
        how="diagonal",
    )


def _window(daily: pl.LazyFrame, spans: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    """Pieces with an order in (D - days, D]: person, start, end, `order_days`, `orders`, and how many `days_ago` the
    customer's segment is read."""
    begins = day_number(pl.lit(settings.first_day)) - days
    active = activity_on(recent(spans, days, settings), "orders")
    came = daily.filter(day_number(pl.col("day")) >= begins).select(
        "person", day=day_number(pl.col("day")), order_days=pl.lit(1, pl.Int64), orders="orders"
    )
    inside = trailing(came, days, ["order_days", "orders"])
    return (
        overlay_in_range([inside, delayed(active, days).rename({"state": "then"})], ["person"], settings)
        .filter(pl.col("order_days") > 0)
        .with_columns(window_days=pl.lit(days, pl.Int64), days_ago=pl.when(pl.col("then") == 1).then(days).otherwise(0))
    )
