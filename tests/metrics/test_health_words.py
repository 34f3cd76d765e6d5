"""The reasons of `customer_health`, word for word: the heaviest sign first, each with its two numbers."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import polars as pl

from assets import health
from warehouse.table import MONEY

NUMBERS = {
    "past_due_days": 10,
    "logins": 1,
    "logins_before": 4,
    "events": 20,
    "events_before": 41,
    "nps_score": 3.5,
    "tickets": 5,
    "tickets_before": 2,
    "days_to_renewal": 60,
}
AMOUNTS = {
    "mrr": Decimal("19.5"),
    "mrr_30_days_before": Decimal(200),
    "order_value": Decimal(0),
    "order_value_before": Decimal("0.0001"),
}


def test_every_sign_has_its_words() -> None:
    assert _said(health.WEIGHTS) == (
        "payment 10 days late; logins 1 after 4; events 20 after 41; MRR 19.5 after 200; NPS 3.5; tickets 5 after 2; "
        "orders of 0 after 0.0001; renewal in 60 days"
    )


def test_who_shows_no_sign_has_no_reasons() -> None:
    assert _said([]) is None


def test_a_piece_without_rows_says_nothing() -> None:
    """A filter may leave such pieces, and the streaming engine evaluates them alone."""
    row = _row(health.WEIGHTS)
    pieces = [pl.DataFrame([row.row(0, named=True)] * 2, row.schema) for _ in range(20)]
    wanted = [piece.with_columns(is_wanted=pl.lit(number % 2 == 1)) for number, piece in enumerate(pieces)]
    rows = pl.concat(wanted, rechunk=False).lazy().filter("is_wanted")
    assert rows.select(health.reasons()).collect(engine="streaming").height == 20


def _said(shown: Collection[str]) -> str | None:
    said: str | None = _row(shown).select(health.reasons()).item()
    return said


def _row(shown: Collection[str]) -> pl.DataFrame:
    signs = {sign: sign in shown for sign in health.WEIGHTS}
    amounts = {name: pl.Series([amount], dtype=MONEY) for name, amount in AMOUNTS.items()}
    return pl.DataFrame({**{name: [value] for name, value in (NUMBERS | signs).items()}, **amounts})
