"""What a day's files must look like to be taken, and what must never raise a false alarm."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.quality.shop import FIRST, Delivery, Shop, daily, with_last

HISTORY = daily(2000, 50)
NEXT = FIRST + timedelta(days=50)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "warehouse")
    shop.publish(HISTORY)
    return shop


def after(delivery: Delivery) -> list[Delivery]:
    return [*HISTORY, delivery]


def test_a_usual_day_is_silent(shop: Shop) -> None:
    assert shop.failures(shop.stage(after(Delivery(NEXT, 2100)))) == {}


def test_half_of_the_customer_ids_missing_blocks_and_says_why(shop: Shop) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 2000, without_id=1000))))
    blocked = found["critical", "share in quarantine"]
    assert blocked.observed == 0.5
    assert blocked.where == f"inbox/orders/{NEXT}.csv"
    assert "customer_id is missing (1,000 rows)" in blocked.message


@pytest.mark.parametrize(
    ("without_id", "severities"), [(40, set()), (160, {"warning"}), (560, {"warning", "critical"})]
)
def test_quarantine_bounds_are_five_and_twenty_five_percent(shop: Shop, without_id: int, severities: set[str]) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 2000, without_id=without_id))))
    assert {severity for severity, check in found if check == "share in quarantine"} == severities


def test_an_empty_file_blocks_and_is_named(shop: Shop) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 0)), watermark=NEXT))
    assert found["critical", "the file is not empty"].where == f"inbox/orders/{NEXT}.csv"


def test_a_nearly_empty_file_of_a_nearly_empty_day_blocks(shop: Shop) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 30))))
    assert found["critical", "the day is delivered"].observed == 30
    assert str(NEXT) in found["critical", "the day is delivered"].where


def test_a_small_correction_of_a_full_day_is_silent(shop: Shop) -> None:
    correction = Delivery(NEXT - timedelta(days=3), 4, path="inbox/orders/correction.csv")
    assert shop.failures(shop.stage(after(correction))) == {}


def test_the_first_hours_of_a_day_in_the_file_of_the_day_before_are_silent(shop: Shop) -> None:
    """A file by UTC days, reported in an eastern zone: the newest day is only begun."""
    full = Delivery(NEXT, 2000)
    spilled = Delivery(NEXT + timedelta(days=1), 60, path=f"inbox/orders/{NEXT}.csv")
    assert shop.failures(shop.stage([*HISTORY, full, spilled])) == {}


@pytest.mark.parametrize(
    ("sundays", "rows", "checks"),
    [
        (2000, 1500, set()),
        (2000, 1000, {"rows of the day"}),
        (900, 1000, set()),  # a public holiday, like a Sunday
        (900, 600, {"rows of the day"}),
    ],
)
def test_half_a_day_warns_where_no_weekday_is_so_quiet(
    tmp_path: Path, sundays: int, rows: int, checks: set[str]
) -> None:
    shop, history = Shop(tmp_path / "warehouse"), daily(2000, 36, sundays)
    shop.publish(history)
    monday = Delivery(history[-1].day + timedelta(days=1), rows)
    assert monday.day.weekday() != 6
    assert set(shop.failures(shop.stage([*history, monday]))) == {("warning", check) for check in checks}


@pytest.mark.parametrize(("without_id", "checks"), [(1, set()), (2, {("warning", "share in quarantine")})])
def test_one_bad_row_of_three_says_nothing(shop: Shop, without_id: int, checks: set[tuple[str, str]]) -> None:
    few = Delivery(NEXT - timedelta(days=3), 3, without_id, path="inbox/orders/few.csv")
    assert set(shop.failures(shop.stage(after(few)))) == checks


def test_one_bad_day_in_a_file_of_many_blocks(shop: Shop) -> None:
    week = [Delivery(NEXT + timedelta(days=number), 2000, path="inbox/orders/week.csv") for number in range(7)]
    week[3] = Delivery(week[3].day, 2000, without_id=1000, path="inbox/orders/week.csv")
    found = shop.failures(shop.stage([*HISTORY, *week]))
    blocked = found["critical", "share of a day in quarantine"]
    assert (blocked.observed, blocked.where) == (0.5, f"day {week[3].day} in inbox/orders/week.csv")


def test_a_lost_row_blocks(shop: Shop) -> None:
    candidate = shop.stage(after(Delivery(NEXT, 2000)), forgotten=1)
    assert ("critical", "the lake holds the rows taken") in shop.failures(candidate)


def test_one_id_for_everybody_blocks(shop: Shop) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 2000, customers=1))))
    assert found["critical", "persons are told apart"].observed == 1 / 2000


def test_amounts_in_cents_block(shop: Shop) -> None:
    found = shop.failures(shop.stage(after(Delivery(NEXT, 2000, amount=2000))))
    assert found["critical", "amounts keep their unit"].observed == 2000


def test_a_source_that_stopped_warns(shop: Shop) -> None:
    found = shop.failures(shop.stage(HISTORY, watermark=NEXT + timedelta(days=4)))
    assert found["warning", "days without news"].observed == 5


def test_closed_sundays_and_growth_are_silent(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "warehouse")
    grown = [Delivery(one.day, int(one.rows * 1.01**number)) for number, one in enumerate(daily(300, 70, sundays=3))]
    shop.publish(grown[:56])
    for number in range(56, 70):
        assert shop.failures(shop.stage(grown[: number + 1])) == {}


def test_a_sparse_shop_is_silent(tmp_path: Path) -> None:
    """99 orders in one file over four months, then a file with one order and one without any."""
    shop = Shop(tmp_path / "warehouse")
    days = [FIRST + timedelta(days=number) for number in range(0, 99)]
    first = [Delivery(day, 1, path="inbox/orders/all.csv") for day in days]
    shop.publish(first)
    more = [*first, Delivery(date(2026, 9, 20), 1), Delivery(date(2026, 9, 21), 0)]
    assert shop.failures(shop.stage(more)) == {}


def test_a_first_load_is_judged_by_itself(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "warehouse")
    assert shop.failures(shop.stage(daily(2000, 60))) == {}
    found = shop.failures(shop.stage(with_last(daily(2000, 60), rows=0)))
    assert {check for severity, check in found if severity == "critical"} == {"the file is not empty"}
