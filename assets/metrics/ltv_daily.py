"""What a paying customer is worth over its life, the simple way: ARPA x gross margin / churn.

Customers by the models of buying have their own table. Source: docs/metrics.md section 6.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.conversion import converted
from assets.revenue import OWNER, amount, arpa, currency_columns, mrr_steps
from assets.segments import spans_of, split, split_starts
from assets.steps import changes, closed, delayed, overlay_in_range
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Measure, Ratio, Table

WINDOWS = (365, 90)
MONTHS_A_YEAR = 12


def _count(name: str, description: str) -> Measure:
    return Measure(name, description=description, unit="customers", kind="stock", minimum=0)


def _churn(days: int) -> Ratio:
    return Ratio(
        f"churn_rate_{days}_days",
        description=f"customers_lost_{days}_days / customers_at_start_{days}_days.",
        unit="share",
        numerator=f"customers_lost_{days}_days",
        denominator=f"customers_at_start_{days}_days",
        minimum=0,
        maximum=1,
    )


def _value(name: str, days: int) -> Ratio:
    return Ratio(
        name,
        description=f"arpa x 12 x gross_margin / (churn_rate_{days}_days x 365 / {days}); null where nobody was lost.",
        unit="currency",
        minimum=0,
        expression=lambda: _worth(days),
    )


table = Table(
    name="ltv_daily",
    description="Lifetime value of a paying customer as ARPA x gross margin / churn, on each day.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day.", "day"), *currency_columns()),
    columns=(
        amount("mrr", "MRR at the end of the day.", "stock", 0),
        _count("customers_paying", "Customers with MRR at the end of the day."),
        arpa("mrr"),
        *(
            column
            for days in WINDOWS
            for column in (
                _count(f"customers_at_start_{days}_days", f"Customers with MRR {days} days before."),
                _count(f"customers_lost_{days}_days", "Of these, customers without MRR at the end of the day."),
                _churn(days),
            )
        ),
        Column("gross_margin", pl.Float64, "The configured gross margin.", "share", minimum=0, maximum=1),
        _value("ltv_simple", WINDOWS[0]),
        _value("ltv_simple_90_days", WINDOWS[1]),
    ),
    segmented=True,
    recalls=(0, *WINDOWS),
    sources=("subscriptions",),
)
KEYS = ["currency", "is_converted", "segment", "segment_value"]


def _worth(days: int) -> pl.Expr:
    names = ("mrr", "customers_paying", f"customers_at_start_{days}_days", f"customers_lost_{days}_days")
    mrr, paying, at_start, lost = (pl.col(name).cast(pl.Float64) for name in names)
    yearly = mrr / paying * MONTHS_A_YEAR * pl.col("gross_margin")
    return pl.when((paying > 0) & (lost > 0)).then(yearly / (lost / at_start * 365 / days))


def measure(
    mrr_changes: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Changes of MRR and customers by day, currency and segment, in contract currency; and customers whatever it is."""
    segments = spans_of(segment_spans, ["subscription"])
    pieces = overlay_in_range([mrr_steps(mrr_changes)], OWNER, settings)
    first_fact = subscription_mrr.group_by(OWNER).agg(pl.col("day").min())
    in_contract = [
        changes(_of(split(pieces, segments)), KEYS, {"mrr": pl.col("revenue")}, settings.first_day, settings.last_day),
        _customers(_paying_by_currency(mrr_changes), OWNER, segments, settings),
        _of(split_starts(first_fact, segments, ["currency"], settings)),
    ]
    if settings.reporting_currency is None:
        return pl.concat(in_contract, how="diagonal")
    in_any = [
        _customers(_paying(activity_spans), ["person"], segments, settings),
        _of(split_starts(first_fact, segments, [], settings), settings.reporting_currency),
    ]
    return pl.concat([*in_contract, *in_any], how="diagonal")


def measured(published: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows without the MRR that was converted."""
    return published.with_columns(pl.when(~pl.col("is_converted")).then("mrr").otherwise(pl.lit(0, MONEY)))


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the MRR of the converted rows, at the rate of the day, and the gross margin."""
    whole = rows
    if settings.reporting_currency is not None:
        contract, keys = rows.filter(~pl.col("is_converted")), ["date", "segment", "segment_value"]
        mrr = converted(contract, fx_rates, keys, {"mrr": pl.col("date")}, settings)
        in_any = rows.drop("mrr").join(mrr.drop("currency"), on=[*keys, "is_converted"])
        whole = pl.concat([contract, in_any], how="diagonal")
    return whole.with_columns(gross_margin=pl.lit(float(settings.gross_margin)))


def _customers(paying: pl.LazyFrame, owner: list[str], segments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Who pays now, and of those who paid at the start of each window who does not: in the segment of then."""
    reporting = None if "currency" in owner else settings.reporting_currency
    days = (settings.first_day, settings.last_day)
    now = overlay_in_range([paying], owner, settings)
    parts = [changes(_of(split(now, segments), reporting), KEYS, {"customers_paying": pl.lit(1)}, *days)]
    for window in WINDOWS:
        both = overlay_in_range([paying, delayed(paying, window).rename({"pays": "paid"})], owner, settings)
        counts = {
            f"customers_at_start_{window}_days": pl.lit(1),
            f"customers_lost_{window}_days": pl.col("pays") == 0,
        }
        paid = both.filter(pl.col("paid") == 1)
        parts.append(changes(_of(split(paid, segments, window), reporting), KEYS, counts, *days))
    return pl.concat(parts, how="diagonal")


def _of(rows: pl.LazyFrame, reporting_currency: str | None = None) -> pl.LazyFrame:
    """The rows with their place in the grain: contract currency, or all in the reporting one."""
    if reporting_currency is None:
        return rows.with_columns(is_converted=pl.lit(False))
    return rows.with_columns(currency=pl.lit(reporting_currency), is_converted=pl.lit(True))


def _paying_by_currency(mrr_changes: pl.LazyFrame) -> pl.LazyFrame:
    """Whether each customer pays in each currency, as a step function of `pays`."""
    turns = mrr_changes.filter((pl.col("before") == 0) | (pl.col("after") == 0))
    pays = pl.when(pl.col("before") == 0).then(1).otherwise(-1)
    return closed(turns.select(*OWNER, day=day_number(pl.col("day")), pays=pays), OWNER, "pays")


def _paying(activity_spans: pl.LazyFrame) -> pl.LazyFrame:
    """The same whatever the currency."""
    spans = activity_spans.filter(pl.col("basis") == "subscription")
    starts = spans.select("person", day=day_number(pl.col("start_day")), pays=pl.lit(1))
    ends = spans.filter(pl.col("end_day").is_not_null())
    return closed(
        pl.concat([starts, ends.select("person", day=day_number(pl.col("end_day")), pays=pl.lit(-1))]),
        ["person"],
        "pays",
    )
