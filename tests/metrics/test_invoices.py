"""An invoice_id never makes an invoice of attempts that name none, whatever is written in it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from assets.states import invoices
from warehouse import catalog


def test_an_invoice_id_that_looks_like_an_amount_is_an_invoice_of_its_own() -> None:
    at = datetime(2024, 1, 1, 10, tzinfo=UTC)
    shared = {"customer": 1, "currency": "USD", "attempted_at": at, "day": at.date(), "amount": Decimal(10)}
    named = {"payment_id": "p1", "invoice_id": "other\n10.000000\n", "status": "failed", **shared}
    unnamed = {"payment_id": "p2", "invoice_id": None, "status": "succeeded", **shared}
    rows = pl.DataFrame([named, unnamed]).with_columns(subscription_id=None, attempt=None)
    payments = rows.cast({name: dtype for name, dtype in _schema().items() if name in rows.columns})
    assert sorted(invoices.build(payments.lazy()).collect()["payment_id"]) == ["p1", "p2"]


def _schema() -> dict[str, pl.DataType]:
    return dict(catalog.load()["payments"].table.polars_schema())
