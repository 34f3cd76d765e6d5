"""What the numbers of a customer say of how it stands: the signs of leaving, a score, and the reasons in words.

Each sign is two numbers, and whether the one is bad beside the other. Where they come from is not known here.
Source: docs/metrics.md section 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from assets.money import from_units
from warehouse.settings import Settings
from warehouse.table import MONEY

RENEWAL_DAYS: Final = 60
DETRACTOR, LEAST_TICKETS = 6, 2
AT_RISK: Final = 70
# What each sign takes off a health of 100.
WEIGHTS: Final = {
    "is_logins_down": 15,
    "is_usage_down": 15,
    "is_order_value_down": 5,
    "is_downgraded": 10,
    "is_past_due": 30,
    "is_detractor": 10,
    "is_ticket_surge": 10,
    "is_renewal_due": 5,
}
_MONEY: Final = ("mrr", "mrr_30_days_before", "order_value", "order_value_before")
_COUNTS: Final = ("logins", "logins_before", "events", "events_before", "tickets", "tickets_before", "past_due_days")
_DECIMALS: Final = (*_MONEY, "nps_score")
_WORDS: Final = {
    "is_past_due": ("payment {} days late", ("past_due_days",)),
    "is_logins_down": ("logins {} after {}", ("logins", "logins_before")),
    "is_usage_down": ("events {} after {}", ("events", "events_before")),
    "is_downgraded": ("MRR {} after {}", ("mrr", "mrr_30_days_before")),
    "is_detractor": ("NPS {}", ("nps_score",)),
    "is_ticket_surge": ("tickets {} after {}", ("tickets", "tickets_before")),
    "is_order_value_down": ("orders of {} after {}", ("order_value", "order_value_before")),
    "is_renewal_due": ("renewal in {} days", ("days_to_renewal",)),
}


def judged(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Rows of customers with the numbers of all signs, null where there is nothing, and money in units. Adds the
    limits, the signs, `health_score`, `reasons`, `is_at_risk` and `mrr_at_risk`, and returns money as decimals."""
    filled = rows.with_columns(
        pl.col([*_COUNTS, *_MONEY]).fill_null(0),
        grace_days=pl.lit(settings.grace_days, pl.Int64),
        nps_limit=pl.lit(DETRACTOR, pl.Int64),
        renewal_days=pl.lit(RENEWAL_DAYS, pl.Int64),
    )
    signs = {
        "is_logins_down": _halved("logins"),
        "is_usage_down": _halved("events"),
        "is_order_value_down": _halved("order_value"),
        "is_downgraded": (pl.col("mrr") > 0) & (pl.col("mrr") < pl.col("mrr_30_days_before")),
        "is_past_due": pl.col("past_due_days") > 0,
        "is_detractor": (pl.col("nps_score") <= DETRACTOR).fill_null(False),
        "is_ticket_surge": (pl.col("tickets") >= LEAST_TICKETS) & (pl.col("tickets") >= 2 * pl.col("tickets_before")),
        "is_renewal_due": pl.col("days_to_renewal").is_not_null(),
    }
    lost = pl.sum_horizontal(pl.col(sign).cast(pl.Int64) * weight for sign, weight in WEIGHTS.items())
    scored = filled.with_columns(**signs).with_columns(from_units(pl.col(_MONEY)), health_score=100 - lost)
    return scored.with_columns(is_at_risk=pl.col("health_score") <= AT_RISK, reasons=reasons()).with_columns(
        mrr_at_risk=pl.when("is_at_risk").then("mrr").otherwise(pl.lit(0, MONEY))
    )


def reasons() -> pl.Expr:
    """The signs that are shown in words, the heaviest first; null where none is."""
    said = [pl.when(sign).then(_filled_in(words, names)) for sign, (words, names) in _WORDS.items()]
    text = pl.concat_str(said, separator="; ", ignore_nulls=True)
    return pl.when(text != "").then(text)


def _halved(name: str) -> pl.Expr:
    before = pl.col(f"{name}_before")
    return (before > 0) & (2 * pl.col(name) <= before)


def _filled_in(words: str, names: Sequence[str]) -> pl.Expr:
    """The words with a value in place of each {}. Of a piece of a frame without rows `pl.format` panics."""
    first, *others = words.split("{}")
    pairs = zip(map(_text, names), map(pl.lit, others), strict=True)
    return pl.concat_str(pl.lit(first), *(one for pair in pairs for one in pair))


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).str.replace(r"\.?0+$", "") if name in _DECIMALS else pl.col(name)
