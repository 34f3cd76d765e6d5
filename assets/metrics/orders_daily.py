"""Orders, the customers who placed them and what they brought in, day by day.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.conversion import converted
from assets.once import once
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
IN_ANY_CURRENCY = "revenue_first_orders_in_any_currency"
MEASURES = [measure.name for measure in table.measures]


def measure(order_days: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Counts and revenue by day, currency and segment, in contract currency; and customers whatever the currency."""
    segments = spans_of(segment_spans, ["orders"])
    order_days = once(order_days.select(*OWNER, "day", "orders", "revenue"))
    first = once(order_days.group_by(OWNER).agg(pl.col("day").min()))
    first_in_any = first.group_by("person").agg(pl.col("day").min())
    in_range = order_days.filter(pl.col("day").is_between(settings.first_day, settings.last_day))
    days = once(
        in_range.join(first.rename({"day": "first"}), on=OWNER).join(
            first_in_any.rename({"day": "first_in_any"}), on="person"
        )
    )
    starts = once(split_starts(first, segments, ["currency"], settings))
    parts = [part.with_columns(is_converted=pl.lit(False)) for part in (_counted(days, OWNER, segments), starts)]
    if settings.reporting_currency is not None:
        in_any = _counted(days.with_columns(first="first_in_any"), ["person"], segments)
        # Whoever has a segment value since a fact in any currency has it since one in some currency.
        starts_in_any = starts.group_by("segment", "segment_value").agg(pl.col("date").min())
        currency = pl.lit(settings.reporting_currency)
        parts += [rows.with_columns(currency=currency, is_converted=pl.lit(True)) for rows in (in_any, starts_in_any)]
    return pl.concat(parts, how="diagonal")


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the amounts of the converted rows, at the rate of the day."""
    if settings.reporting_currency is None:
        return rows
    contract, keys = rows.filter(~pl.col("is_converted")), ["date", "segment", "segment_value"]
    rated_on = dict.fromkeys(["revenue", IN_ANY_CURRENCY], pl.col("date"))
    amounts = converted(contract, fx_rates, keys, rated_on, settings).rename({IN_ANY_CURRENCY: "revenue_first_orders"})
    counts = rows.drop("revenue", "revenue_first_orders")
    return pl.concat([contract, counts.join(amounts, on=[*keys, "currency", "is_converted"])], how="diagonal")


def _counted(days: pl.LazyFrame, owner: list[str], segments: pl.LazyFrame) -> pl.LazyFrame:
    """Counts and revenue of each day by the currency, if any, that the owner has, and segment. `days` has an owner's
    `first` day, and that of its person in any currency."""
    is_first, start = pl.col("day") == pl.col("first"), day_number(pl.col("day"))
    of_owner = (
        days.group_by(*owner, "day")
        .agg(
            pl.col("orders", "revenue").sum(),
            customers_ordering=pl.lit(1, pl.Int64),
            customers_first_order=is_first.any().cast(pl.Int64),
            revenue_first_orders=pl.when(is_first).then("revenue").sum(),
            **{IN_ANY_CURRENCY: pl.when(pl.col("day") == pl.col("first_in_any")).then("revenue").sum()},
        )
        .with_columns(start=start, end=start + 1)
    )
    counts = split(of_owner, segments).group_by(*owner[1:], "segment", "segment_value", pl.col("day").alias("date"))
    return counts.agg(pl.col([*MEASURES, IN_ANY_CURRENCY]).sum())
