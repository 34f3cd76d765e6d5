"""Terms that came due on each day: renewed, lost, or not yet known. As of the watermark.

Source: docs/metrics.md section 6.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number
from assets.conversion import converted
from assets.once import once
from assets.revenue import OWNER, amount, currency_columns
from assets.segments import spans_of, split, split_starts
from assets.terms import NUMBER, due_days, points, standing
from warehouse.settings import Settings
from warehouse.table import Column, Derived, Measure, Ratio, Table


def _terms(name: str, description: str) -> Measure:
    return Measure(name, description=description, unit="terms", minimum=0)


table = Table(
    name="renewals_daily",
    description="Terms of subscriptions by the day they came due, and what became of them.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day the terms came due.", "day"), *currency_columns()),
    columns=(
        _terms("terms_due", "Terms that end on the day, or would have, had their subscription not ended before."),
        _terms("terms_renewed", "Of these, terms whose subscription has MRR at the end of the day."),
        _terms("terms_lost", "Of these, terms whose subscription has none."),
        _terms("terms_pending", "Of these, terms past due on the day and neither paid nor lost since."),
        Ratio(
            "renewal_rate",
            description="terms_renewed / terms_due; null while a term is pending.",
            unit="share",
            numerator="terms_renewed",
            denominator="terms_due",
            complete_only=True,
            minimum=0,
            maximum=1,
        ),
        amount("mrr_due", "The last MRR of the terms before the day.", minimum=0),
        amount("mrr_renewed", "Of each renewed term the smaller of that and its MRR now, summed.", minimum=0),
        Ratio(
            "revenue_renewal_rate",
            description="mrr_renewed / mrr_due; null while a term is pending.",
            unit="share",
            numerator="mrr_renewed",
            denominator="mrr_due",
            complete_only=True,
            minimum=0,
            maximum=1,
        ),
        Derived(
            "is_complete",
            pl.Boolean,
            "Whether no term of the row is pending; else its rates are null.",
            "flag",
            expression=lambda: pl.col("terms_pending") == 0,
        ),
    ),
    partitioning="whole",
    segmented=True,
    sources=("subscriptions",),
)
COUNTS = ["terms_due", "terms_renewed", "terms_lost", "terms_pending"]
AMOUNTS = ["mrr_due", "mrr_renewed"]
KEYS = ["date", "currency", "segment", "segment_value"]


def measure(subscription_mrr: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Counts and amounts by due day, currency and segment (that of the last day paid for), in contract currency."""
    segments = spans_of(segment_spans, ["subscription"])
    first, last = _first_open_day(settings), pl.lit(settings.last_day)
    known = once(points(subscription_mrr))
    due, is_known = day_number(pl.col("due")), pl.col("settled") <= last
    is_renewed = is_known & (pl.col("mrr_now") > 0)
    terms = _with_outcome(standing(known, due_days(known, first, last)), known).select(
        *OWNER,
        date="due",
        start=due,
        end=due + 1,
        days_ago=due - day_number(pl.col("paid_day")),
        terms_due=pl.lit(1, pl.Int64),
        terms_renewed=is_renewed.cast(pl.Int64),
        terms_lost=(is_known & (pl.col("mrr_now") == 0)).cast(pl.Int64),
        terms_pending=(~is_known).cast(pl.Int64),
        mrr_due="mrr_due",
        mrr_renewed=pl.when(is_renewed).then(pl.min_horizontal("mrr_due", "mrr_now")),
    )
    counts = split(terms, segments, pl.col("days_ago")).group_by(KEYS).agg(pl.col([*COUNTS, *AMOUNTS]).sum())
    first_fact = known.group_by(OWNER).agg(pl.col("day").min())
    starts = split_starts(first_fact, segments, ["currency"], settings.of_all_days())
    return pl.concat([counts, starts], how="diagonal").with_columns(is_converted=pl.lit(False))


def carried(published: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Terms of which nothing in the range of days can make something else, in contract currency."""
    is_over = pl.col("date") < _first_open_day(settings)
    return published.filter(is_over, ~pl.col("is_converted")).select(*KEYS, "is_converted", *COUNTS, *AMOUNTS)


def _first_open_day(settings: Settings) -> pl.Expr:
    """What came due before was paid or lost before the range: a late payment is waited for as long as grace lasts."""
    return pl.lit(settings.first_day).dt.offset_by(f"-{settings.grace_days}d")


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the converted rows, at the rate of the due day."""
    if settings.reporting_currency is None:
        return rows
    keys = ["date", "segment", "segment_value"]
    amounts = converted(rows, fx_rates, keys, dict.fromkeys(AMOUNTS, pl.col("date")), settings)
    counts = rows.group_by(keys).agg(pl.col(COUNTS).sum())
    return pl.concat([rows, counts.join(amounts, on=keys)], how="diagonal")


def _with_outcome(terms: pl.LazyFrame, known: pl.LazyFrame) -> pl.LazyFrame:
    """Adds `settled`, from which day on the outcome is known, and `mrr_now`, the MRR of then: where a payment is late
    on the due day, when it is paid or given up, else the last change until the due day."""
    is_open = pl.col("late_since").is_not_null()
    number, day, mrr = (pl.when(~is_open).then(name).backward_fill() for name in (NUMBER, "day", "mrr"))
    # `known` is in order, and only a change of the same subscription settles one.
    outcomes = known.select(NUMBER, "day", settled=pl.when(number == pl.col(NUMBER)).then(day), mrr_now=mrr)
    return terms.sort("due").join_asof(
        outcomes.sort("day"),
        left_on="due",
        right_on="day",
        by=NUMBER,
        strategy="backward",
        check_sortedness=False,
    )
