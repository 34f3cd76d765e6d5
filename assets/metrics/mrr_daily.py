"""Monthly recurring revenue, day by day: from opening to closing by movement.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.conversion import converted
from assets.kernels.mrr_movements import MOVEMENTS, changes_of, movements
from assets.kernels.mrr_standing import mrr_standing
from assets.kernels.revenue_windows import Currencies, currencies_of, mrr_timeline
from assets.kernels.segment_codes import Segments, segments_of
from assets.kernels.tallies import Places, places
from assets.kernels.timelines import Integers
from assets.revenue import amount, arpa, currency_columns
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
    recalls=(0, 1),
    sources=("subscriptions",),
)
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
    segments = segments_of(segment_spans, ["subscription"])
    changes = changes_of(mrr_changes)
    parts = [_in_contract_currency(changes, subscription_mrr, segments, settings)]
    if settings.reporting_currency is not None:
        parts.append(_in_any_currency(changes, subscription_mrr, segments, settings))
    return pl.concat(parts, how="diagonal").with_columns(mrr_fx=pl.lit(0, pl.Int64)).lazy()


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
    changes: pl.DataFrame, subscription_mrr: pl.LazyFrame, segments: Segments, settings: Settings
) -> pl.DataFrame:
    currencies = currencies_of(subscription_mrr, "subscription", segments)
    where = places(currencies.keys, settings)
    owner = currencies.owners(changes)
    amounts, counts = movements(changes, owner, currencies, where)
    moved = {**_named(amounts, AMOUNTS), **_named(counts, COUNTS)}
    sums = {**mrr_standing(mrr_timeline(changes, owner), currencies, where), **moved}
    return _rows(sums, currencies, where, settings).with_columns(is_converted=pl.lit(False))


def _in_any_currency(
    changes: pl.DataFrame, subscription_mrr: pl.LazyFrame, segments: Segments, settings: Settings
) -> pl.DataFrame:
    """Customers, each counted once whatever currencies they pay in."""
    whatever = pl.lit(settings.reporting_currency)
    changes = changes.with_columns(currency=whatever)
    currencies = currencies_of(subscription_mrr.with_columns(currency=whatever), "subscription", segments)
    where = places(currencies.keys, settings)
    standing = mrr_standing(mrr_timeline(changes, currencies.owners(changes)), currencies, where)
    once_each = changes.unique(["person", "day", "movement"])
    _, counts = movements(once_each, currencies.owners(once_each), currencies, where)
    sums = {"customers_paying": standing["customers_paying"], **_named(counts, COUNTS)}
    return _rows(sums, currencies, where, settings).with_columns(is_converted=pl.lit(True))


def _named(sums: Integers, names: Mapping[str, str]) -> dict[str, Integers]:
    """Of sums by movement and place those that are measures."""
    return {name: sums[MOVEMENTS.index(movement)] for movement, name in names.items()}


def _rows(sums: Mapping[str, Integers], currencies: Currencies, where: Places, settings: Settings) -> pl.DataFrame:
    return currencies.named(where.as_rows(sums, where.of(*currencies.starts(settings))))
