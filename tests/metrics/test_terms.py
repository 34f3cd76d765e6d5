"""Terms of subscriptions whose rows are unusual, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from assets.metrics import renewals_daily
from assets.states import segment_spans, subscription_mrr
from assets.terms import due_days, points
from warehouse.settings import Settings

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
SETTINGS = Settings(FIRST, LAST, grace_days=0, sources=frozenset({"subscriptions"}))
EVERYBODY = pl.LazyFrame(
    [(1, None, "all", None, None, "all")], schema=segment_spans.table.polars_schema(), orient="row"
)


def changes(*told: dict[str, Any]) -> pl.LazyFrame:
    usual = {
        "shard": 0,
        "person": 1,
        "currency": "EUR",
        "subscription_id": "s1",
        "mrr": 100_000,
        "churn_type": "unknown",
        "interval": "month",
        "interval_count": 1,
    }
    return pl.LazyFrame([usual | one for one in told], schema=subscription_mrr.table.polars_schema())


def due(rows: pl.LazyFrame) -> list[tuple[str, str, date]]:
    known = points(rows)
    subscriptions = known.select("number", "subscription_id", "currency").unique()
    found = due_days(known, pl.lit(FIRST), pl.lit(LAST)).join(subscriptions, on="number")
    return sorted(found.select("subscription_id", "currency", "due").collect().rows())


@pytest.mark.parametrize("interval", ["month", "week"])
def test_a_term_that_began_comes_due_however_soon_it_was_canceled(interval: str) -> None:
    """It was paid for until April, and lost in January, more than an interval before."""
    paid = {"day": date(2024, 1, 10), "interval": interval, "current_period_end": date(2024, 4, 10)}
    lost = {"day": date(2024, 1, 20), "interval": interval, "mrr": 0}
    assert due(changes(paid, lost)) == [("s1", "EUR", date(2024, 4, 10))]


def test_a_subscription_in_another_currency_is_another_one() -> None:
    """Its anchor in dollars is the day it began there, although an interval of the one in euros goes on."""
    euros, none = {"day": date(2024, 11, 5)}, {"day": date(2024, 11, 20), "mrr": 0}
    dollars = {"day": date(2024, 11, 20), "currency": "USD"}
    assert due(changes(euros, none, dollars)) == [("s1", "EUR", date(2024, 12, 5)), ("s1", "USD", date(2024, 12, 20))]


def test_a_payment_is_not_settled_by_another_subscription() -> None:
    """Of a late payment whose grace has no end there is nothing to tell, whoever comes next."""
    began = {"day": date(2024, 10, 5)}
    late = {"day": date(2024, 11, 4), "late_since": date(2024, 11, 4), "current_period_end": date(2024, 11, 5)}
    another = {"day": date(2024, 11, 6), "subscription_id": "s2", "interval": "year"}
    found = renewals_daily.measure(changes(began, late, another), EVERYBODY, SETTINGS).collect()
    terms = found.filter(pl.col("terms_due") > 0).select("date", "terms_due", "terms_renewed", "terms_lost")
    assert (date(2024, 11, 5), 1, 0, 0) in terms.rows()
