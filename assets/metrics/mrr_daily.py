"""Monthly recurring revenue, day by day: from opening to closing by movement.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number, to_date
from assets.conversion import converted
from assets.revenue import OWNER, amount, arpa, currency_columns, mrr_steps
from assets.segments import spans_of, split, split_starts
from assets.steps import changes, overlay_in_range
from warehouse.settings import Settings
from warehouse.table import Column, Measure, Ratio, Table

AMOUNTS = {
    "new": "mrr_new",
    "reactivation": "mrr_reactivation",
    "expansion": "mrr_expansion",
    "contraction": "mrr_contraction",
    "churn": "mrr_churned",
}
COUNTS = {"new": "customers_new", "reactivation": "customers_reactivated", "churn": "customers_churned"}


def _count(name: str, description: str, kind: str = "flow") -> Measure:
    return Measure(name, description=description, unit="customers", kind=kind, minimum=0)  # type: ignore[arg-type]


table = Table(
    name="mrr_daily",
    description="Recurring revenue at the start and end of each day, and the movements between them.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day.", "day"), *currency_columns()),
    columns=(
        amount("mrr_opening", "MRR at the end of the day before.", "stock", 0),
        amount("mrr_new", "Gained from customers who never paid before.", minimum=0),
        amount("mrr_reactivation", "Gained from customers who had stopped paying.", minimum=0),
        amount("mrr_expansion", "Gained from paying customers.", minimum=0),
        amount("mrr_contraction", "Lost from customers who go on paying.", minimum=0),
        amount("mrr_churned", "Lost from customers who stopped paying.", minimum=0),
        amount("mrr_entering", "Opening MRR of customers who came into the segment value.", minimum=0),
        amount("mrr_leaving", "Opening MRR of customers who left the segment value.", minimum=0),
        amount("mrr_fx", "Change of the opening MRR by the day's rate; 0 in contract currency."),
        amount("mrr_closing", "MRR at the end of the day.", "stock", 0),
        _count("customers_paying", "Customers with MRR at the end of the day.", "stock"),
        _count("customers_new", "Customers who paid for the first time."),
        _count("customers_reactivated", "Customers who pay again."),
        _count("customers_churned", "Customers who stopped paying."),
        arpa("mrr_closing"),
        Ratio(
            "quick_ratio",
            description="(new + reactivation + expansion) / (contraction + churned).",
            unit="ratio",
            minimum=0,
            expression=lambda: _quick_ratio(),
        ),
    ),
    segmented=True,
    sources=("subscriptions",),
)
KEYS = ["currency", "segment", "segment_value"]
MEASURES = [measure.name for measure in table.measures]
MONEY_SUMS = [name for name in MEASURES if name.startswith("mrr_")]


def _quick_ratio() -> pl.Expr:
    gained = (pl.col("mrr_new") + pl.col("mrr_reactivation") + pl.col("mrr_expansion")).cast(pl.Float64)
    lost = (pl.col("mrr_contraction") + pl.col("mrr_churned")).cast(pl.Float64)
    return pl.when(lost > 0).then(gained / lost)


def measure(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Movements of each day, and changes of the stocks, by day, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, "customer", ["subscription"])
    parts = [_in_contract_currency(mrr_changes, subscription_mrr, segments, settings)]
    if settings.reporting_currency is not None:
        parts.append(_in_any_currency(mrr_changes, subscription_mrr, segments, settings))
    return pl.concat(parts, how="diagonal").with_columns(mrr_fx=pl.lit(0, pl.Int64))


def finish(rows: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds the amounts of the converted rows. What rounding and the change of rates leave over is `mrr_fx`."""
    if settings.reporting_currency is None:
        return rows
    today, yesterday = pl.col("date"), pl.col("date").dt.offset_by("-1d")
    rated_on = {name: yesterday if name == "mrr_opening" else today for name in MONEY_SUMS}
    keys = ["date", "segment", "segment_value"]
    contract = rows.filter(~pl.col("is_converted"))
    amounts = converted(contract, fx_rates, keys, rated_on, settings)
    counts = rows.drop(MONEY_SUMS)
    whole = counts.join(amounts, on=[*keys, "currency", "is_converted"]).with_columns(mrr_fx=_left_over())
    return pl.concat([contract, whole], how="diagonal")


def _left_over() -> pl.Expr:
    gained = pl.sum_horizontal("mrr_opening", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_entering")
    return pl.col("mrr_closing") - gained + pl.sum_horizontal("mrr_contraction", "mrr_churned", "mrr_leaving")


def _in_contract_currency(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    pieces = overlay_in_range([mrr_steps(mrr_changes)], OWNER, settings)
    first_fact = subscription_mrr.group_by(OWNER).agg(pl.col("day").min())
    parts = [
        _stocks(split(pieces, segments), settings),
        _movements(mrr_changes, segments, settings),
        _crossings(pieces, mrr_changes, segments, settings),
        split_starts(first_fact, segments, ["currency"], settings),
    ]
    return pl.concat(parts, how="diagonal").with_columns(is_converted=pl.lit(False))


def _in_any_currency(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Customers, each counted once whatever currencies they pay in."""
    paying = overlay_in_range([mrr_steps(mrr_changes).drop("currency")], ["person"], settings)
    moved = _moved(mrr_changes, settings).unique(["person", "day", "movement"])
    first_fact = subscription_mrr.group_by("person").agg(pl.col("day").min())
    keys = ["segment", "segment_value"]
    parts = [
        changes(split(paying, segments), keys, {"customers_paying": pl.lit(1)}, settings.first_day, settings.last_day),
        _booked(moved, segments, keys, list(COUNTS.values())),
        split_starts(first_fact, segments, [], settings),
    ]
    return pl.concat(parts, how="diagonal").with_columns(
        currency=pl.lit(settings.reporting_currency), is_converted=pl.lit(True)
    )


def _stocks(pieces: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    days = (settings.first_day, settings.last_day)
    revenue, one = pl.col("revenue"), pl.lit(1)
    closing = changes(pieces, KEYS, {"mrr_closing": revenue, "customers_paying": one}, *days)
    a_day_later = pieces.with_columns(pl.col("start") + 1, pl.col("end") + 1)
    return pl.concat([closing, changes(a_day_later, KEYS, {"mrr_opening": revenue}, *days)], how="diagonal")


def _movements(mrr_changes: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    return _booked(_moved(mrr_changes, settings), segments, KEYS, [*AMOUNTS.values(), *COUNTS.values()])


def _moved(mrr_changes: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The movements of the range as pieces of one day, with their amount and count under the movement's name."""
    start = day_number(pl.col("day"))
    size = (pl.col("after") - pl.col("before")).abs()
    return mrr_changes.filter(pl.col("day").is_between(settings.first_day, settings.last_day)).select(
        *OWNER,
        "day",
        "movement",
        start=start,
        end=start + 1,
        **{name: pl.when(pl.col("movement") == kind).then(size) for kind, name in AMOUNTS.items()},
        **{name: (pl.col("movement") == kind).cast(pl.Int64) for kind, name in COUNTS.items()},
    )


def _booked(moved: pl.LazyFrame, segments: pl.LazyFrame, keys: list[str], names: list[str]) -> pl.LazyFrame:
    """Churn is booked in the segment value of the day before, everything else in that of the day."""
    days_ago = (pl.col("movement") == "churn").cast(pl.Int32)
    return split(moved, segments, days_ago).group_by(*keys, pl.col("day").alias("date")).agg(pl.col(names).sum())


def _crossings(
    pieces: pl.LazyFrame, mrr_changes: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Opening MRR of customers that enter or leave a value on a day without churning on it."""
    churned = mrr_changes.filter(pl.col("movement") == "churn").select(*OWNER, day=day_number(pl.col("day")))
    entered, left = segments.rename({"since": "day"}).drop("until"), segments.rename({"until": "day"}).drop("since")
    return pl.concat(
        [
            _opening(pieces, churned, entered, settings, "mrr_entering"),
            _opening(pieces, churned, left, settings, "mrr_leaving"),
        ],
        how="diagonal",
    )


def _opening(
    pieces: pl.LazyFrame, churned: pl.LazyFrame, crossings: pl.LazyFrame, settings: Settings, name: str
) -> pl.LazyFrame:
    day = pl.col("day")
    is_seen = day.is_between(day_number(pl.lit(settings.first_day)), day_number(pl.lit(settings.last_day)))
    return (
        crossings.filter(is_seen)
        .join(pieces, on="person")
        .filter(pl.col("start") < day, day <= pl.col("end"))
        .join(churned, on=[*OWNER, "day"], how="anti")
        .group_by(*KEYS, date=to_date(day))
        .agg(pl.col("revenue").sum().alias(name))
    )
