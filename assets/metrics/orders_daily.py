"""Orders, the customers who placed them and what they brought in, day by day.

Source: METRICS.md section 6.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.revenue import OWNER, amount, currency_columns
from assets.segments import spans_of, split, split_starts
from warehouse.settings import Settings
from warehouse.table import Column, Measure, Ratio, Table

table = Table(
    name="orders_daily",
    description="Orders, ordering customers and net revenue of each day. A later refund restates the order's day.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day of the orders.", "day"), *currency_columns()),
    columns=(
        Measure("orders", description="Orders that were not cancelled or pending.", unit="orders", minimum=0),
        Measure("customers_ordering", description="Customers with an order.", unit="customers", minimum=0),
        Measure(
            "customers_first_order",
            description="Customers whose first order in the currency is on this day.",
            unit="customers",
            minimum=0,
        ),
        amount("revenue", "Amounts less refunds."),
        amount("revenue_first_orders", "Revenue of the day from customers_first_order."),
        Ratio(
            "average_order_value",
            description="revenue / orders.",
            unit="currency",
            numerator="revenue",
            denominator="orders",
        ),
    ),
    segmented=True,
    sources=("orders",),
)
KEYS = ["currency", "segment", "segment_value"]
MEASURES = [measure.name for measure in table.measures]


def measure(order_days: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Counts and revenue by day, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, "customer")
    first = order_days.group_by(OWNER).agg(first_day=pl.col("day").min())
    is_first = pl.col("day") == pl.col("first_day")
    start = day_number(pl.col("day"))
    days = (
        order_days.filter(pl.col("day").is_between(settings.first_day, settings.last_day))
        .join(first, on=OWNER)
        .with_columns(
            start=start,
            end=start + 1,
            customers_ordering=pl.lit(1, pl.Int64),
            customers_first_order=is_first.cast(pl.Int64),
            revenue_first_orders=pl.when(is_first).then("revenue").otherwise(0),
        )
    )
    counts = split(days, segments).group_by(*KEYS, pl.col("day").alias("date")).agg(pl.col(MEASURES).sum())
    starts = split_starts(first.rename({"first_day": "day"}), segments, ["currency"], settings)
    return pl.concat([counts, starts], how="diagonal").with_columns(
        pl.col(MEASURES).fill_null(0), is_converted=pl.lit(False)
    )
