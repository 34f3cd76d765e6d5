"""The oracle on recurring revenue added up by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from tests.oracle.cases import cells, changes, source, table
from tests.oracle.worlds import Row, Source


@pytest.mark.parametrize(
    ("terms", "mrr"),
    [
        ({"amount": "120", "interval": "year"}, "10"),
        ({"amount": "10", "interval": "week"}, "43.33"),  # 10 x 52 / 12 = 43.333
        ({"amount": "1", "interval": "day"}, "30.42"),  # 365 / 12 = 30.41666
        ({"amount": "10", "interval": "quarter", "interval_count": "2"}, "1.67"),  # 10 / 3 / 2
        ({"amount": "0.06", "interval": "year"}, "0"),  # 0.005: half to even
        ({"amount": "0.18", "interval": "year"}, "0.02"),  # 0.015: half to even
        ({"amount": "30", "interval": "year", "currency": "JPY"}, "2"),  # 2.5: half to even, no minor unit
        ({"amount": "1", "interval": "quarter", "currency": "KWD"}, "0.333"),
        (
            {"amount": "10", "interval": "month", "quantity": "3", "discount_percent": "10", "discount": "2"},
            "25",
        ),  # 30 - 3 - 2
        ({"amount": "10", "interval": "month", "discount": "12"}, "0"),
    ],
)
def test_monthly_amounts_round_half_even_to_the_minor_unit(terms: Row, mrr: str) -> None:
    row: Row = {
        "subscription_id": "s",
        "customer_id": "c",
        "effective_at": "2024-01-01",
        "status": "active",
        "currency": "USD",
        **terms,
    }
    assert cells(table("mrr_daily", {"subscriptions": source([row])}), "mrr_closing") == [(Decimal(mrr),)]


def test_past_due_counts_for_its_grace_then_is_lost_involuntarily() -> None:
    saas = {
        "subscriptions": changes(
            ("2024-01-01", "active", "10"), ("2024-01-05", "past_due", "10"), ("2024-01-20", "active", "12")
        )
    }
    got = cells(table("mrr_movements", saas, grace_days=3), "date", "movement", "amount", "churn_type", "churn_reason")
    # grace: 5, 6, 7 January; lost on the 8th; paying on the 20th is a reactivation
    assert [(str(day), *rest) for day, *rest in got] == [
        ("2024-01-01", "new", Decimal(10), None, None),
        ("2024-01-08", "churn", Decimal(-10), "involuntary", "past_due"),
        ("2024-01-20", "reactivation", Decimal(12), None, None),
    ]
    inside = {
        "subscriptions": changes(
            ("2024-01-01", "active", "10"), ("2024-01-05", "past_due", "10"), ("2024-01-07", "active", "10")
        )
    }
    assert len(table("mrr_movements", inside, grace_days=3)) == 1
    trial = {"subscriptions": changes(("2024-01-01", "trialing", "10"), ("2024-01-05", "past_due", "10"))}
    assert len(table("mrr_movements", trial, grace_days=3)) == 0


@pytest.mark.parametrize(
    ("status", "amount", "more", "kind", "reason"),
    [
        ("canceled", "10", {}, "unknown", None),
        ("canceled", "10", {"churn_type": "involuntary", "churn_reason": "fraud"}, "involuntary", "fraud"),
        ("paused", "10", {}, "paused", None),
        ("active", "0", {}, "voluntary", "moved_to_free"),
        ("trialing", "10", {}, "unknown", None),
    ],
)
def test_how_a_subscription_ends(status: str, amount: str, more: dict[str, str], kind: str, reason: str | None) -> None:
    saas = {"subscriptions": changes(("2024-01-01", "active", "10"), ("2024-01-05", status, amount), **more)}
    ends = cells(table("mrr_movements", saas), "movement", "plan", "churn_type", "churn_reason", date="2024-01-05")
    assert ends == [("churn", "basic", kind, reason)]


def test_a_switch_on_one_day_is_one_net_movement() -> None:
    base: Row = {"customer_id": "c", "interval": "month", "currency": "USD"}
    saas = {
        "subscriptions": source(
            [
                {
                    **base,
                    "subscription_id": "a",
                    "effective_at": "2024-01-01",
                    "status": "active",
                    "amount": "10",
                    "plan": "basic",
                },
                {
                    **base,
                    "subscription_id": "a",
                    "effective_at": "2024-01-09 10:00:00",
                    "status": "canceled",
                    "amount": "10",
                    "plan": "basic",
                },
                {
                    **base,
                    "subscription_id": "b",
                    "effective_at": "2024-01-09 12:00:00",
                    "status": "active",
                    "amount": "25",
                    "plan": "pro",
                },
            ]
        )
    }
    assert cells(table("mrr_movements", saas), "movement", "amount", "plan", date="2024-01-09") == [
        ("expansion", Decimal(15), "pro")
    ]


def test_net_and_gross_revenue_retention() -> None:
    # 30 days ago: a 10, b 20, c 30 (60). Now: a 15, b 12, c gone: NRR 27 / 60, GRR (10 + 12) / 60; d is new, in neither
    def sub(name: str, day: str, amount: str, status: str = "active") -> Row:
        return {
            "subscription_id": name,
            "customer_id": name,
            "effective_at": day,
            "status": status,
            "amount": amount,
            "interval": "month",
            "currency": "USD",
        }

    saas = {
        "subscriptions": source(
            [
                sub("a", "2024-01-01", "10"),
                sub("b", "2024-01-01", "20"),
                sub("c", "2024-01-01", "30"),
                sub("a", "2024-01-20", "15"),
                sub("b", "2024-01-21", "12"),
                sub("c", "2024-01-22", "30", "canceled"),
                sub("d", "2024-01-31", "9"),
            ]
        )
    }
    got = table("revenue_retention_daily", saas)
    columns = (
        "payers_at_start",
        "revenue_at_start",
        "revenue_at_end",
        "revenue_retained",
        "net_revenue_retention",
        "gross_revenue_retention",
    )
    expected = (3, Decimal(60), Decimal(27), Decimal(22), pytest.approx(27 / 60), pytest.approx(22 / 60))
    assert cells(got, *columns, date="2024-01-31", window_days=30) == [expected]


def test_rates_change_the_opening_and_the_identity_is_exact() -> None:
    rates = source(
        [
            {"date": "2023-12-01", "currency": "EUR", "rate": "1.10"},
            {"date": "2024-01-03", "currency": "EUR", "rate": "1.20"},
        ]
    )
    saas = {
        "subscriptions": changes(("2024-01-01", "active", "10"), ("2024-01-03", "active", "15"), currency="EUR"),
        "fx_rates": rates,
    }
    got = table("mrr_daily", saas, reporting_currency="USD").filter(pl.col("is_converted"))
    # 3 January: opening 10 x 1.10 = 11; fx 10 x 0.10 = 1; expansion 5 x 1.20 = 6; closing 15 x 1.20 = 18
    columns = ("currency", "mrr_opening", "mrr_expansion", "mrr_fx", "mrr_closing")
    assert cells(got, *columns, date="2024-01-03") == [("USD", Decimal(11), Decimal(6), Decimal(1), Decimal(18))]


def test_a_subscription_gone_from_a_full_extract_ends_the_day_after_its_newest_fact() -> None:
    def sub(name: str, day: str) -> Row:
        return {
            "subscription_id": name,
            "customer_id": name,
            "effective_at": day,
            "status": "active",
            "amount": "10",
            "interval": "month",
            "currency": "USD",
        }

    # the second extract misses a; its newest fact is of 8 January
    first, second = (sub("a", "2024-01-01"), sub("b", "2024-01-02")), (sub("b", "2024-01-02"), sub("c", "2024-01-08"))
    both = Source(tuple(first[0]), {"inbox/1.csv": first, "inbox/2.csv": second}, {"full_extract": True})
    got = table("mrr_movements", {"subscriptions": both}, date=date(2024, 1, 20))
    churn = cells(got, "date", "customer_id", "churn_type", "churn_reason", movement="churn")
    assert churn == [(date(2024, 1, 9), "a", "unknown", "source_deleted")]
