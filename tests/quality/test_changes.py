"""What a candidate changes in days that were published before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from quality import changes
from tests.quality.shop import CONFIG, FIRST, Delivery, Shop, daily, fails, orders_daily
from warehouse.bounds import Bounds
from warehouse.table import MONEY

HISTORY = daily(300, 30)
LAST = HISTORY[-1].day
REVENUE = ("revenue", "revenue_first_orders")
THIRD = pl.col("date") == FIRST + timedelta(days=2)
JUNE = pl.col("date") < FIRST + timedelta(days=30)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "warehouse")
    shop.publish(HISTORY)
    return shop


def test_a_late_file_that_doubles_a_settled_day_warns_with_the_day(shop: Shop) -> None:
    late = Delivery(FIRST + timedelta(days=5), 300, path="inbox/orders/late.csv")
    found = shop.failures(shop.stage([*HISTORY, late]))
    assert set(found) == {("warning", "settled days are not restated much")}
    assert f"date={late.day}" in found["warning", "settled days are not restated much"].where


def test_a_day_before_the_computed_range_must_stay(shop: Shop) -> None:
    right = orders_daily(pl.concat([shop.orders(one) for one in HISTORY]), LAST)
    one_more = pl.col("customers_first_order") + (pl.col("date") == FIRST).cast(pl.Int64)
    candidate = shop.stage(
        HISTORY, table=right.with_columns(customers_first_order=one_more), first_day=FIRST + timedelta(days=20)
    )
    found = shop.failures(candidate)
    assert f"date={FIRST}" in found["critical", "untouched days stay"].where


def test_lost_rows_warn(shop: Shop) -> None:
    right = orders_daily(pl.concat([shop.orders(one) for one in HISTORY]), LAST)
    candidate = shop.stage(HISTORY, table=right.filter(pl.col("date") > FIRST))
    assert ("warning", "rows do not get fewer") in shop.failures(candidate)


def test_a_table_of_the_last_day_alone_may_lose_rows(shop: Shop) -> None:
    """Who has left since is not among the customers of today any more."""
    frame, head = orders_daily(shop.orders(HISTORY[0]), FIRST), shop.releases.head()
    assert head is not None
    table = shop.catalog["orders_daily"].table
    candidate = shop.stage(HISTORY, table=frame).manifest
    for kind, warns in ((table, True), (replace(table, of_last_day=True), False)):
        found = changes.observe(kind, frame, candidate, head, shop.store, Bounds())
        assert ("rows do not get fewer" in {one.check for one in found if fails(one)}) == warns


def test_by_configuration_a_large_restatement_blocks(shop: Shop) -> None:
    late = Delivery(FIRST + timedelta(days=5), 300, path="inbox/orders/late.csv")
    candidate = shop.stage([*HISTORY, late])
    for bound, severities in ((0.5, {"warning", "critical"}), (2.0, {"warning"})):
        asked = SimpleNamespace(**{**vars(CONFIG), "quality": Bounds(restated_blocks=bound)})
        found = [one for one in shop.audit(candidate, asked).observations if fails(one)]
        assert {one.severity for one in found} == severities
        assert {one.check for one in found} == {"settled days are not restated much"}


def with_revenue(shop: Shop, deliveries: list[Delivery], factor: float, days: pl.Expr) -> pl.DataFrame:
    """The right table, these days' revenue times a factor."""
    right = orders_daily(pl.concat([shop.orders(one) for one in deliveries]), deliveries[-1].day)
    scaled = [pl.when(days).then(pl.col(name) * factor).otherwise(name).cast(MONEY).alias(name) for name in REVENUE]
    mean = pl.col("revenue").cast(pl.Float64) / pl.col("orders")
    return right.with_columns(scaled).with_columns(average_order_value=mean)


@pytest.mark.parametrize(
    ("orders", "factor", "days", "checks"),
    [
        (8, 0.875, THIRD, set()),  # one of the eight orders of a day is refunded
        (8, 0.9, JUNE, {"settled months are not restated much"}),
        (8, 0.97, JUNE, set()),
        (300, 0.95, THIRD, set()),  # refunds of a large shop
        (300, 0.875, THIRD, {"settled days are not restated much"}),
        (1, 0.1, THIRD, set()),  # so small that nothing can be said
    ],
)
def test_usual_refunds_pass_and_a_restated_month_warns(
    tmp_path: Path, orders: int, factor: float, days: pl.Expr, checks: set[str]
) -> None:
    shop, history = Shop(tmp_path / "warehouse"), daily(orders, 45)
    shop.publish(history)
    found = shop.failures(shop.stage(history, table=with_revenue(shop, history, factor, days)))
    assert set(found) == {("warning", check) for check in checks}
