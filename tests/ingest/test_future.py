"""Rows of days that are still to come: they wait in quarantine, move nothing, and are taken when their day has come."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines import ingest, intake
from tests.ingest.shop import Shop

ORDERS = '[sources.orders]\npath = "inbox/*"\ncurrency = "USD"\n'
CHANGES = '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\n'
HEADER = "order_id,customer_id,ordered_at,amount\n"


def it_is(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ingest, intake):
        monkeypatch.setattr(module, "today", lambda _: day)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    it_is(date(2024, 3, 10), monkeypatch)
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", HEADER + "1,c1,2024-03-09,10\n2,c2,2024-03-10,10\n3,c3,2024-03-12,10\n4,c4,2084-01-01,10\n")
    made.take_in()
    return made


def test_a_row_of_the_future_is_set_aside_and_good_rows_are_not(shop: Shop) -> None:
    assert shop.lake("orders")["order_id"].to_list() == ["1", "2"]
    assert {row["row"]: row["reasons"] for row in shop.quarantine("orders")} == {
        4: "ordered_at lies in the future",
        5: "ordered_at lies in the future",
    }
    line = shop.ledger("orders")["inbox/a.csv"]
    assert (line.rows_in, line.taken, line.quarantined, line.due_on) == (4, 2, 2, date(2024, 3, 12))


def test_it_does_not_say_how_far_the_source_has_come(shop: Shop) -> None:
    assert shop.notes("orders")["newest_day"] == "2024-03-10"
    shop.deliver("b.csv", HEADER + "5,c5,2024-03-11,10\n6,c6,2024-03-08,10\n")
    found = ingest.pending(shop.config, shop.head)
    assert (found.first_day(), found.last_day()) == (date(2024, 3, 8), date(2024, 3, 8))


def test_it_is_taken_when_its_day_has_come(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(date(2024, 3, 11), monkeypatch)
    assert shop.pending() == []
    it_is(date(2024, 3, 12), monkeypatch)
    assert shop.pending() == ["inbox/a.csv"]
    shop.take_in()
    assert shop.lake("orders")["order_id"].to_list() == ["1", "2", "3"]
    assert [row["row"] for row in shop.quarantine("orders")] == [5]
    assert shop.notes("orders")["touched_from"] == "2024-03-12"
    assert shop.pending() == []


def test_a_planned_change_of_a_subscription_is_kept_and_says_nothing_of_the_days_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it_is(date(2024, 3, 10), monkeypatch)
    made = Shop(tmp_path, CHANGES)
    made.deliver(
        "a.csv",
        "subscription_id,customer_id,effective_at,status,amount,interval\n"
        "s1,c1,2024-02-01,active,10,month\ns1,c1,2024-06-01,canceled,,\n",
    )
    made.take_in()
    assert made.lake("subscriptions").height == 2
    assert made.notes("subscriptions")["newest_day"] == "2024-02-01"
    assert ingest.pending(made.config, None).last_day() == date(2024, 2, 1)
