"""From which day on a table is computed again: the first on which something that it is made from is another."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import build, touched
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from tests.restatements.shop import Shop
from warehouse import catalog

EVENTS = '[sources.events]\npath = "events/*.csv"\n'
SEPTEMBER, WATERMARK = date(2026, 9, 2), date(2026, 10, 20)


class NotedShop(Shop):
    """Notes on which day each table of the newest run begins."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, "orders_daily", "user_activity_daily", "metric_trends")
        self.configure(more=EVENTS)
        self.begins: dict[str, date] = {}
        days_of_table = build.days_of_table

        def noted(workspace: Workspace, table: str, days: DayRange) -> DayRange:
            found = days_of_table(workspace, table, days)
            self.begins[table] = found.first_day
            return found

        monkeypatch.setattr(build, "days_of_table", noted)

    def use(self, name: str, *events: str) -> None:
        self.deliver(name, *events, header="event_id,user_id,customer_id,occurred_at,event_name", inbox="events")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotedShop:
    """One customer bought in September and October, one user came in October."""
    shop = NotedShop(tmp_path, monkeypatch)
    shop.deliver("until_october", "a1 anna 2026-09-10 100", "b1 anna 2026-10-20 50")
    shop.use("october", "1 u  2026-10-20 login")
    shop.run()
    return shop


def test_late_use_restates_no_orders(shop: NotedShop) -> None:
    shop.use("late", "2 u  2026-09-02 login")
    shop.deliver("new", "c1 ben 2026-10-21 20")
    shop.run()
    # Ben has a tier from the first of his month on. A table that is made from both begins with the earlier one.
    october = date(2026, 10, 1)
    assert shop.begins == {"orders_daily": october, "user_activity_daily": SEPTEMBER, "metric_trends": SEPTEMBER}


def test_a_late_order_restates_no_use(shop: NotedShop) -> None:
    shop.deliver("late", "a2 anna 2026-09-15 7")
    shop.run()
    assert shop.begins["orders_daily"] == date(2026, 9, 15)
    assert shop.begins["user_activity_daily"] == WATERMARK


def test_days_that_are_asked_for_are_all_computed(shop: NotedShop) -> None:
    shop.run(again=(date(2026, 9, 10), WATERMARK))
    assert set(shop.begins.values()) == {date(2026, 9, 10)}


def test_with_another_definition_all_days_are_computed(shop: NotedShop) -> None:
    shop.configure(window=60, more=EVENTS)
    shop.run()
    assert set(shop.begins.values()) == {date(2026, 9, 1)}


def day(number: int) -> date:
    return date(2026, 10, number)


SPANS = {
    1: ("both go on, one longer", [(1, 9)], [(1, 12)], 9),
    2: ("one ends where the other goes on for ever", [(1, None)], [(1, 20)], 20),
    3: ("one begins earlier", [(5, 9)], [(3, 9)], 3),
    4: ("a gap is closed", [(1, 5), (8, 12)], [(1, 12)], 5),
    5: ("one is new", [], [(7, 9)], 7),
    6: ("both are the same", [(1, 9)], [(1, 9)], None),
}


def test_spans_differ_from_where_one_of_them_ends() -> None:
    table = catalog.load()["activity_spans"].table
    schema = {name: dtype for name, dtype in table.polars_schema().items() if name != "shard"}

    def frame(side: int) -> pl.DataFrame:
        rows = [
            ("usage", person, day(start), day(end) if end else None, "unknown", None)
            for person, case in SPANS.items()
            for start, end in case[side]
        ]
        return pl.DataFrame(rows, schema=schema, orient="row")

    found = touched.differing(table, 0, frame(1), frame(2)).sort("person")
    wanted = [(0, person, day(case[3])) for person, case in SPANS.items() if case[3]]
    assert found.rows() == wanted
