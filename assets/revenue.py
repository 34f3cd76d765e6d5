"""Recurring revenue and net order revenue as step functions, and a window laid over itself.

Shared by the tables of MRR and revenue retention. Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.calendar import day_number
from assets.conversion import converted
from assets.steps import closed, overlay
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Measure, Ratio

OWNER = ["person", "currency"]


def currency_columns() -> tuple[Column, Column]:
    """The grain of every money table."""
    return (
        Column("currency", pl.String, "The currency of the amounts.", "ISO 4217"),
        Column(
            "is_converted",
            pl.Boolean,
            "false: contract currency as it is; true: every currency, in the reporting currency at the day's rate.",
            "flag",
        ),
    )


def amount(name: str, description: str, kind: str = "flow", minimum: int | None = None) -> Measure:
    """A measure of money: ten-thousandths while computed, Decimal(38, 4) when published."""
    return Measure(name, MONEY, description, "currency", kind=kind, minimum=minimum)  # type: ignore[arg-type]


def arpa(mrr: str) -> Ratio:
    """The MRR of a day for each customer who pays."""
    return Ratio(
        "arpa",
        description=f"{mrr} / customers_paying.",
        unit="currency",
        numerator=mrr,
        denominator="customers_paying",
        minimum=0,
    )


RETENTION_MEASURES = (
    Measure(
        "payers_at_start",
        description="Customers (and currencies) with revenue at the start.",
        unit="customers",
        kind="stock",
        minimum=0,
    ),
    amount("revenue_at_start", "Their revenue at the start.", "stock", 0),
    amount("revenue_at_end", "Revenue at the end of those with revenue at the start.", "stock", 0),
    amount("revenue_retained", "Of each of them the smaller of start and end, summed.", "stock", 0),
)
RETENTION_RATES = (
    Ratio(
        "net_revenue_retention",
        description="revenue_at_end / revenue_at_start (NRR).",
        unit="share",
        numerator="revenue_at_end",
        denominator="revenue_at_start",
        minimum=0,
    ),
    Ratio(
        "gross_revenue_retention",
        description="revenue_retained / revenue_at_start (GRR).",
        unit="share",
        numerator="revenue_retained",
        denominator="revenue_at_start",
        minimum=0,
        maximum=1,
    ),
    Ratio(
        "revenue_churn_rate",
        description="1 - gross_revenue_retention.",
        unit="share",
        minimum=0,
        maximum=1,
        expression=lambda: pl.when(pl.col("revenue_at_start") > 0).then(
            (pl.col("revenue_at_start") - pl.col("revenue_retained")).cast(pl.Float64)
            / pl.col("revenue_at_start").cast(pl.Float64)
        ),
    ),
)


def mrr_steps(mrr_changes: pl.LazyFrame) -> pl.LazyFrame:
    """MRR of each customer and currency as a step function: person, currency, day, `revenue`."""
    change = pl.col("after") - pl.col("before")
    return closed(mrr_changes.select(*OWNER, day=day_number(pl.col("day")), revenue=change), OWNER, "revenue")


def mrr_pieces(mrr_changes: pl.LazyFrame) -> pl.LazyFrame:
    """Days on which a customer's MRR is the same and above 0: person, currency, start, end, `revenue`."""
    return overlay([mrr_steps(mrr_changes)], OWNER)


def with_converted(
    rows: pl.LazyFrame, fx_rates: pl.LazyFrame, keys: Sequence[str], day: pl.Expr, settings: Settings
) -> pl.LazyFrame:
    """The rows and, where there is a reporting currency, all currencies together at the rate of `day`."""
    if settings.reporting_currency is None:
        return rows
    names = [measure.name for measure in RETENTION_MEASURES if measure.dtype == MONEY]
    amounts = converted(rows, fx_rates, keys, dict.fromkeys(names, day), settings)
    payers = rows.group_by(keys).agg(pl.col("payers_at_start").sum())
    return pl.concat([rows, payers.join(amounts, on=keys)], how="diagonal")


def retention_amounts() -> dict[str, pl.Expr]:
    """The measures of one piece of a revenue window, from `then` and `now`."""
    return {
        "payers_at_start": pl.col("then") > 0,
        "revenue_at_start": pl.col("then"),
        "revenue_at_end": pl.col("now"),
        "revenue_retained": pl.min_horizontal("then", "now"),
    }
