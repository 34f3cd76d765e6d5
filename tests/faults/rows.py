"""Faults of single rows: each must be set aside with its reason, and take no good row along."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.faults.fault import Fault, in_rows

STATUSES = "status is none of paid, refunded, pending, cancelled"
ROWS: tuple[Fault, ...] = (
    in_rows("orders", "no customer", {"customer_id": None}, "customer_id is missing"),
    in_rows("orders", "no order id", {"order_id": None}, "order_id is missing"),
    in_rows("orders", "an amount with a letter in it", {"amount": "12,5O"}, "amount is not a number"),
    in_rows("orders", "no amount", {"amount": None}, "amount is missing"),
    in_rows("orders", "an amount of ten million million", {"amount": "1e13"}, "amount is above"),
    in_rows("orders", "an infinite amount", {"amount": "inf"}, "amount is not a number"),
    in_rows("orders", "a word for a time", {"ordered_at": "yesterday"}, "ordered_at is not a date or time"),
    in_rows("orders", "a day that does not exist", {"ordered_at": "2026-02-30"}, "ordered_at is not a date or time"),
    in_rows("orders", "seconds since 1970 for a time", {"ordered_at": "1793404800"}, "ordered_at is not a date or"),
    in_rows("orders", "1970 for 'unknown'", {"ordered_at": "1970-01-01"}, "ordered_at is not between 1980 and 2099"),
    in_rows("orders", "a time in the future", {"ordered_at": "2098-01-01T10:00:00Z"}, "lies in the future"),
    in_rows("orders", "a status nobody knows", {"status": "shiped"}, STATUSES),
    in_rows("orders", "a currency in words", {"currency": "dollar"}, "currency is not a three-letter code"),
    in_rows("orders", "a negative refund", {"refunded_amount": "-1"}, "refunded_amount is below 0"),
    in_rows("orders", "more refunded than paid", {"refunded_amount": "99999"}, "refunded_amount is above amount"),
    in_rows("subscriptions", "no subscription id", {"subscription_id": None}, "subscription_id is missing"),
    in_rows("subscriptions", "no customer", {"customer_id": ""}, "customer_id is missing"),
    in_rows("subscriptions", "a status nobody knows", {"status": "expired"}, "status is none of"),
    in_rows("subscriptions", "an interval nobody knows", {"interval": "fortnight"}, "interval is none of"),
    in_rows("subscriptions", "a price below zero", {"amount": -5}, "amount is below 0"),
    in_rows("subscriptions", "a discount of 150 percent", {"discount_percent": 150}, "discount_percent is above 100"),
    in_rows("subscriptions", "an interval of no length", {"interval_count": 0}, "interval_count is below 1"),
    in_rows("subscriptions", "half an interval", {"interval_count": 1.5}, "interval_count is not a whole number"),
    in_rows("subscriptions", "a way to leave nobody knows", {"churn_type": "angry"}, "churn_type is none of"),
    in_rows("subscriptions", "a time before all", {"effective_at": "0001-01-01"}, "effective_at is not between"),
    in_rows("events", "no user", {"user_id": None}, "user_id is missing"),
    in_rows("events", "no time", {"occurred_at": None}, "occurred_at is missing"),
    in_rows("events", "no name", {"event_name": None}, "event_name is missing"),
    in_rows("events", "a time in the future", {"occurred_at": datetime(2098, 1, 1, tzinfo=UTC)}, "lies in the future"),
    in_rows("customers", "no customer id", {"customer_id": None}, "customer_id is missing"),
    in_rows("customers", "a word for a time", {"signed_up_at": "soon"}, "signed_up_at is not a date or time"),
    in_rows("fx_rates", "a rate of nothing", {"rate": "0"}, "rate is not above 0"),
    in_rows("fx_rates", "no day", {"date": None}, "date is missing"),
    in_rows("fx_rates", "a currency in words", {"currency": "euro"}, "currency is not a three-letter code"),
)
