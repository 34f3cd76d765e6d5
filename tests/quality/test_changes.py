"""What a candidate changes in days that were published before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from tests.quality.shop import CONFIG, FIRST, Delivery, Shop, daily, fails, orders_daily
from warehouse.bounds import Bounds

HISTORY = daily(300, 30)
LAST = HISTORY[-1].day


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


def test_by_configuration_a_large_restatement_blocks(shop: Shop) -> None:
    late = Delivery(FIRST + timedelta(days=5), 300, path="inbox/orders/late.csv")
    candidate = shop.stage([*HISTORY, late])
    for bound, severities in ((0.5, {"warning", "critical"}), (2.0, {"warning"})):
        asked = SimpleNamespace(**{**vars(CONFIG), "quality": Bounds(restated_blocks=bound)})
        found = [one for one in shop.audit(candidate, asked).observations if fails(one)]
        assert {one.severity for one in found} == severities
        assert {one.check for one in found} == {"settled days are not restated much"}
