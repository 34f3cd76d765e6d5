"""The gate as a whole, with Great Expectations: it passes what is right, names what is not, and fails closed."""

from __future__ import annotations

import math
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest

from quality import audit, expectations, gate, judging
from quality.verdict import Result, Verdict
from tests.quality.shop import CONFIG, FIRST, Shop, daily, orders_daily
from warehouse.candidate import Candidate
from warehouse.errors import GateRefused

WEEK = daily(30, 7)
LAST = FIRST + timedelta(days=6)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "warehouse")


def judge(shop: Shop, candidate: Candidate) -> Verdict:
    return gate.judge(
        candidate,
        catalog=shop.catalog,
        config=CONFIG,  # type: ignore[arg-type]
        store=shop.store,
        head=shop.releases.head(),
    )


def refused(verdict: Verdict) -> Result:
    """The one thing that blocks."""
    assert not verdict.passed
    (found,) = (one for one in verdict.failed if one.blocks)
    return found


def staged(shop: Shop, table: pl.DataFrame) -> Candidate:
    return shop.stage(WEEK, table=table)


def right_table(shop: Shop) -> pl.DataFrame:
    return orders_daily(pl.concat([shop.orders(one) for one in WEEK]), LAST)


def on(day: date) -> pl.Expr:
    return pl.col("date") == day


def test_what_is_right_passes_and_can_be_published(shop: Shop) -> None:
    candidate = shop.stage(WEEK)
    verdict = judge(shop, candidate)
    assert verdict.failed == ()
    assert verdict.digest == candidate.digest
    assert {one.check for one in verdict.results} >= {"rows", "unique", "not_null", "bounds", "share in quarantine"}
    assert shop.releases.publish(candidate, verdict.to_json()).number == 1


def test_a_verdict_of_another_candidate_publishes_nothing(shop: Shop) -> None:
    verdict = judge(shop, shop.stage(WEEK))
    with pytest.raises(GateRefused):
        shop.releases.publish(shop.stage(WEEK[:5]), verdict.to_json())


def test_a_damaged_staged_file_blocks_and_is_named(shop: Shop) -> None:
    candidate = shop.stage(WEEK)
    (file,) = candidate.manifest.published()
    staged_file = candidate.folder / file.link
    content = staged_file.read_bytes()
    staged_file.unlink()
    staged_file.write_bytes(content[:-1] + b"?")
    verdict = judge(shop, candidate)
    found = [one for one in verdict.failed if one.check == "files have the audited content"]
    assert [one.where for one in found] == ["orders_daily/data.parquet"]
    assert not verdict.passed


def test_a_file_nobody_knows_blocks(shop: Shop) -> None:
    candidate = shop.stage(WEEK)
    (file,) = candidate.manifest.published()
    shutil.copy(candidate.folder / file.link, candidate.folder / "orders_daily" / "more.parquet")
    assert "more.parquet" in refused(judge(shop, candidate)).where


def test_a_table_that_is_empty_although_there_are_orders_blocks(shop: Shop) -> None:
    found = refused(judge(shop, staged(shop, right_table(shop).clear())))
    assert (found.table, found.check, found.observed) == ("orders_daily", "rows", "0")


def test_a_negative_count_blocks_and_its_day_is_named(shop: Shop) -> None:
    wrong = right_table(shop).with_columns(
        customers_first_order=pl.when(on(date(2026, 6, 3))).then(-1).otherwise("customers_first_order")
    )
    found = refused(judge(shop, staged(shop, wrong)))
    assert (found.check, found.column) == ("bounds", "customers_first_order")
    assert "date=2026-06-03" in found.where


def test_a_key_that_comes_twice_blocks(shop: Shop) -> None:
    right = right_table(shop)
    verdict = judge(shop, staged(shop, pl.concat([right, right.filter(on(date(2026, 6, 3)))])))
    assert "date=2026-06-03" in next(one for one in verdict.failed if one.check == "unique").where


def test_counts_that_are_not_those_of_the_lake_block(shop: Shop) -> None:
    wrong = right_table(shop).with_columns(
        orders=pl.col("orders") + on(date(2026, 6, 3)).cast(pl.Int64), average_order_value=pl.lit(None, pl.Float64)
    )
    verdict = judge(shop, staged(shop, wrong))
    found = next(one for one in verdict.failed if one.check == "orders of a day are those of the lake")
    assert found.where == "date=2026-06-03 published=32 in_lake=31"


def test_a_check_that_raises_blocks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.profile, "measure", _raise)
    found = refused(judge(shop, shop.stage(WEEK)))
    assert (found.check, found.table) == ("profile", "orders")
    assert "RuntimeError: out of order" in found.message


@pytest.mark.parametrize(
    "instead",
    [
        "raise SystemExit",
        "print('sorry', flush=True)",
        'print(\'{"judged": 1, "failed": []}\', flush=True)',
        'print(\'{"error": "ImportError"}\', flush=True)',
    ],
)
def test_without_an_answer_of_great_expectations_nothing_passes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, instead: str
) -> None:
    monkeypatch.delitem(sys.modules, expectations.NAME, raising=False)
    monkeypatch.setattr(judging, "_started", judging.Judging(f"import sys; sys.stdin.readline(); {instead}"))
    assert refused(judge(shop, shop.stage(WEEK))).check == "great expectations"


def test_an_expectation_without_an_answer_blocks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations.Judge, "_validate", lambda *_: {})
    monkeypatch.setattr(judging, "failed", lambda bounded: expectations.Judge().failed(bounded))
    assert refused(judge(shop, shop.stage(WEEK))).check == "great expectations"


def test_an_expectation_that_raises_blocks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    validate = expectations.Judge._validate
    monkeypatch.setattr(
        expectations.Judge, "_validate", lambda self, frame, suite: validate(self, frame.drop(columns="low"), suite)
    )
    monkeypatch.setattr(judging, "failed", lambda bounded: expectations.Judge().failed(bounded))
    found = refused(judge(shop, shop.stage(WEEK)))
    assert found.check == "great expectations"
    assert "low" in found.message


def test_the_process_that_judges_says_what_this_one_says() -> None:
    """Bounds are inclusive; what is not a number, or not there, fails."""
    asked = [
        (1.0, 1.0, 1.0),
        (None, 0.0, None),
        (0.9, 1.0, None),
        (2.0, None, 1.0),
        (5.0, None, None),
        (math.nan, 0, 9),
    ]
    other = judging.Judging()
    assert other.failed(asked) == expectations.Judge().failed(asked) == {1, 2, 3, 5}
    other.end()
    with pytest.raises(expectations.NotJudgedError):
        other.failed(asked)


def _raise(*_: object) -> NoReturn:
    raise RuntimeError("out of order")
