"""The oracle on customers, users, orders and cohorts added up by hand: right before anything is compared with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from tests.oracle import oracle
from tests.oracle.cases import cells, events, orders, source, table
from tests.oracle.worlds import Row, Source, World


def test_twenty_of_two_hundred_lost_in_june_is_ten_percent() -> None:
    rows: list[Row] = [
        {
            "subscription_id": f"s{n:03}",
            "customer_id": f"c{n:03}",
            "started_at": "2024-05-25",
            "amount": "10",
            "interval": "month",
            "currency": "USD",
            "ended_at": "2024-06-10" if n < 20 else None,
        }
        for n in range(200)
    ]
    world: dict[str, Source] = {"subscriptions": source(rows, shape="periods")}
    settings = {"date": date(2024, 6, 30)}
    daily = table("customer_retention_daily", world, **settings)
    # 30 days to 30 June: start = end of 31 May = 200; 20 ended; 180 / 200 = 90 %
    columns = (
        "customers_at_start",
        "customers_lost",
        "customers_lost_unknown",
        "customers_at_end",
        "customer_churn_rate",
        "customer_retention_rate",
    )
    assert cells(daily, *columns, date="2024-06-30", window_days=30) == [(200, 20, 20, 180, 0.1, 0.9)]
    month = table("customer_retention_calendar", world, **settings)
    assert cells(month, *columns, period="month", period_start="2024-06-01") == [(200, 20, 20, 180, 0.1, 0.9)]
    # the quarter is over too, but began before anyone was there; the year is not over
    assert cells(month, "customers_at_start", "customers_new", "is_complete", period="quarter") == [(0, 180, True)]
    assert cells(month, "customers_new", "customer_churn_rate", "is_complete", period="year") == [(180, None, False)]


def test_an_order_covers_its_window_and_touching_pieces_merge() -> None:
    # window 5: 1 Jan covers 1..5, 6 Jan covers 6..10 (touching, one span), gap, 12 Jan is a reactivation
    shop = {"orders": orders(("c", "2024-01-01", "10"), ("c", "2024-01-06", "10"), ("c", "2024-01-12", "0"))}
    daily = table("customer_retention_daily", shop, orders_window_days=5)
    got = cells(
        daily, "date", "customers_new", "customers_lost", "customers_reactivated", "customers_at_end", window_days=1
    )
    moves = {str(day)[8:]: tuple(rest) for day, *rest in got}
    assert moves["01"] == (1, 0, 0, 1)
    assert moves["06"] == (0, 0, 0, 1)
    assert moves["10"] == (0, 0, 0, 1)
    assert moves["11"] == (0, 1, 0, 0)
    assert moves["12"] == (0, 0, 1, 1)
    # over 7 days to 12 Jan: at the start (5 Jan) and at the end, though not all the time: retained
    assert cells(daily, "customers_retained", "customers_lost", date="2024-01-12", window_days=7) == [(1, 0)]


def test_the_formula_counts_returned_customers() -> None:
    # end of 5 Jan: a. end of 12 Jan: b (came back; first seen on 1 Jan). Set form 0 / 1, formula (1 - 0) / 1
    shop = {"orders": orders(("b", "2024-01-01", "1"), ("a", "2024-01-04", "1"), ("b", "2024-01-12", "1"))}
    daily = table("customer_retention_daily", shop, orders_window_days=2)
    rates = ("customer_retention_rate", "customer_retention_rate_formula", "annualised_retention_rate")
    assert cells(daily, *rates, date="2024-01-12", window_days=7) == [(0.0, 1.0, 0.0)]


def test_net_revenue_statuses_and_versions() -> None:
    base: Row = {"customer_id": "c", "ordered_at": "2024-01-01", "currency": "USD"}
    shop = {
        "orders": source(
            [
                {
                    **base,
                    "order_id": "1",
                    "amount": "10.50",
                    "status": None,
                    "refunded_amount": "0.50",
                    "updated_at": None,
                },  # 10
                {
                    **base,
                    "order_id": "2",
                    "amount": "7",
                    "status": "refunded",
                    "refunded_amount": None,
                    "updated_at": None,
                },  # 0
                {
                    **base,
                    "order_id": "3",
                    "amount": "7",
                    "status": "refunded",
                    "refunded_amount": "3",
                    "updated_at": None,
                },  # 4
                {
                    **base,
                    "order_id": "4",
                    "amount": "99",
                    "status": "pending",
                    "refunded_amount": None,
                    "updated_at": None,
                },
                {
                    **base,
                    "order_id": "5",
                    "amount": "-1",
                    "status": "paid",
                    "refunded_amount": None,
                    "updated_at": "2024-02-02",
                },  # -1: newer
                {
                    **base,
                    "order_id": "5",
                    "amount": "50",
                    "status": "paid",
                    "refunded_amount": None,
                    "updated_at": "2024-02-01",
                },
                {**base, "order_id": "6", "amount": "5", "status": "paid", "refunded_amount": None, "updated_at": None},
                {
                    **base,
                    "order_id": "6",
                    "amount": "6",
                    "status": "cancelled",
                    "refunded_amount": None,
                    "updated_at": None,
                },  # later row: gone
                {
                    **base,
                    "order_id": "7",
                    "amount": "9",
                    "customer_id": None,
                    "status": "paid",
                    "refunded_amount": None,
                    "updated_at": None,
                },
            ]
        )
    }
    row = cells(
        table("orders_daily", shop),
        "orders",
        "customers_ordering",
        "customers_first_order",
        "revenue",
        "revenue_first_orders",
    )
    assert row == [(4, 1, 1, Decimal("13.0000"), Decimal("13.0000"))]


def test_a_gap_of_exactly_the_period_is_no_resurrection() -> None:
    # k = 7, active on 1 and 8 January: before (25 Dec .. 1 Jan] holds 1 January: retained
    app = {"events": events(("u", "2024-01-01"), ("u", "2024-01-08"), ("u", "2024-01-22"))}
    got = table("user_activity_daily", app)
    columns = (
        "users_active",
        "users_active_before",
        "users_new",
        "users_retained",
        "users_resurrected",
        "users_dormant",
        "user_days",
    )
    assert cells(got, *columns, date="2024-01-07", period_days=7) == [(1, 0, 1, 0, 0, 0, 1)]
    assert cells(got, *columns, date="2024-01-08", period_days=7) == [(1, 1, 0, 1, 0, 0, 1)]
    assert cells(got, *columns, date="2024-01-15", period_days=7) == [(0, 1, 0, 0, 0, 1, 0)]
    assert cells(got, *columns, date="2024-01-22", period_days=7) == [(1, 0, 0, 0, 1, 0, 1)]


def test_n_day_retention_return_and_unbounded() -> None:
    # u and v first seen on 1 January; u on day 1 and 7, v on day 3
    app = {
        "events": events(
            ("u", "2024-01-01"), ("v", "2024-01-01"), ("u", "2024-01-02"), ("v", "2024-01-04"), ("u", "2024-01-08")
        )
    }
    daily = table("user_retention_daily", app)
    columns = ("users_in_cohort", "users_retained", "users_returned")
    assert cells(daily, *columns, cohort_date="2024-01-01", age_days=1) == [(2, 1, 1)]
    assert cells(daily, *columns, cohort_date="2024-01-01", age_days=3) == [(2, 1, 2)]
    assert cells(daily, *columns, cohort_date="2024-01-01", age_days=7) == [(2, 1, 2)]
    cohort = table("user_retention_cohorts", app)
    got = cells(cohort, "age", "users_retained", "users_retained_or_later", "is_complete", cohort_grain="day")
    assert got == [
        (0, 2, 2, True),
        (1, 1, 2, True),
        (2, 0, 2, True),
        (3, 1, 2, True),
        *[(n, 0, 1, True) for n in (4, 5, 6)],
        (7, 1, 1, True),
    ]
    # the week of 8 January has one of its seven days
    assert cells(cohort, "users_retained", "retention_rate", "is_complete", cohort_grain="week", age=1) == [
        (1, None, False)
    ]


def test_cohorts_add_revenue_up_and_hide_rates_that_are_not_over() -> None:
    shop = {
        "orders": orders(
            ("a", "2024-01-10", "10"), ("b", "2024-01-20", "30"), ("a", "2024-02-01", "20"), ("b", "2024-03-02", "5")
        )
    }
    got = table("customer_cohorts", shop)
    columns = (
        "age",
        "customers_in_cohort",
        "customers_retained",
        "revenue",
        "revenue_cumulative",
        "revenue_per_customer",
        "revenue_retention_rate",
    )
    assert cells(got, *columns, cohort_grain="month") == [
        (0, 2, 2, Decimal(40), Decimal(40), 20.0, 1.0),
        (1, 2, 1, Decimal(20), Decimal(60), 30.0, 0.5),
        (2, 2, 1, Decimal(5), Decimal(65), None, None),
    ]


def test_repeat_purchase_needs_two_days() -> None:
    shop = {
        "orders": orders(
            ("a", "2024-01-01", "1"), ("a", "2024-01-01", "1"), ("b", "2024-01-01", "1"), ("b", "2024-01-05", "1")
        )
    }
    columns = ("customers_ordering", "customers_repeating", "repeat_purchase_rate", "orders", "orders_per_customer")
    got = table("repeat_purchase_daily", shop)
    assert cells(got, *columns, date="2024-01-05", window_days=30) == [(2, 1, 0.5, 4, 2.0)]


def test_the_business_day_is_that_of_the_reporting_zone() -> None:
    # 23:30 in London in winter is the next day in Kiritimati (UTC+14); a date alone is not converted
    shop = {
        "orders": source(
            [
                {
                    "order_id": "1",
                    "customer_id": "c",
                    "ordered_at": "2024-01-01 23:30:00",
                    "amount": "1",
                    "currency": "USD",
                },
                {"order_id": "2", "customer_id": "c", "ordered_at": "2024-01-01", "amount": "1", "currency": "USD"},
            ],
            time_zone="Europe/London",
        )
    }
    got = cells(table("orders_daily", shop, time_zone="Pacific/Kiritimati"), "date", "orders")
    assert [(str(day), orders) for day, orders in got] == [("2024-01-01", 1), ("2024-01-02", 1)]


def test_value_tiers_share_out_the_revenue_of_the_year_before() -> None:
    # 79 | 8 8 | 5: shares before are 0, .79, .79 (equal), .95 -> high, high, high, low; n is new in February
    shop = {
        "orders": orders(
            ("a", "2024-01-02", "79"),
            ("b", "2024-01-02", "8"),
            ("c", "2024-01-02", "8"),
            ("d", "2024-01-02", "5"),
            ("a", "2024-02-10", "1"),
            ("n", "2024-02-10", "1"),
        )
    }
    frame = oracle.answer(World(sources=shop), {"customer_retention_daily"})["customer_retention_daily"]
    tier = frame.filter(pl.col("segment") == "value_tier")
    got = cells(tier, "segment_value", "customers_at_end", date="2024-02-10", window_days=1)
    assert got == [("high", 3), ("low", 1), ("unknown", 1)]
