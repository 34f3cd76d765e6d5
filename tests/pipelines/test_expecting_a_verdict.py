"""Great Expectations is loaded as soon as it is certain that a run will be judged, and never before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines import steps
from pipelines.workspace import Workspace
from quality import gate
from tests.ingest.shop import Shop
from warehouse import catalog
from warehouse.draft import Draft
from warehouse.releases import Releases

ORDERS = '[sources.orders]\npath = "inbox/*"\ncurrency = "USD"\n'


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    asked: list[bool] = []
    monkeypatch.setattr(gate, "prepare", lambda: asked.append(True))
    monkeypatch.setattr(steps.os, "cpu_count", lambda: 2)
    return asked


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,10\n")
    made.take_in(watermark="2024-01-05")
    return made


def workspace(shop: Shop) -> Workspace:
    draft = Draft.open_or_create(shop.config.home, "next", shop.head)
    return Workspace(shop.config, catalog.load(), shop.store, draft, Releases(shop.config.home), print)


def test_without_news_nothing_is_loaded(shop: Shop, loads: list[bool]) -> None:
    assert not steps.expect_verdict(workspace(shop))
    assert not steps.expect_verdict(workspace(shop), date(2024, 1, 5))
    assert loads == []


def test_a_further_day_will_be_judged(shop: Shop, loads: list[bool]) -> None:
    assert steps.expect_verdict(workspace(shop), date(2024, 1, 6))
    assert loads == [True]


def test_a_file_taken_in_will_be_judged(shop: Shop, loads: list[bool]) -> None:
    shop.deliver("b.csv", "order_id,customer_id,ordered_at,amount\n2,c1,2024-01-05,10\n")
    space = workspace(shop)
    steps.ingest.take_in(space, "orders")
    assert steps.expect_verdict(space)
    assert loads == [True]


def test_on_one_core_it_would_only_be_in_the_way(
    shop: Shop, loads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps.os, "cpu_count", lambda: 1)
    assert steps.expect_verdict(workspace(shop), date(2024, 1, 6))
    assert loads == []


def test_it_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate.prepare.cache_clear()
    loaded: list[bool] = []
    monkeypatch.setattr(gate.expectations, "load", lambda: loaded.append(True))
    for _ in range(3):
        gate.prepare().join()
    gate.prepare.cache_clear()
    assert loaded == [True]
