from __future__ import annotations

from datetime import date

from pipelines.months import earliest_month, first_day_of, month_of, months_between


def test_every_month_between_two_days() -> None:
    assert list(months_between(date(2025, 11, 30), date(2026, 2, 1))) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert list(months_between(date(2026, 1, 31), date(2026, 1, 31))) == ["2026-01"]
    assert list(months_between(date(2026, 2, 1), date(2026, 1, 31))) == []


def test_a_month_and_its_first_day() -> None:
    assert first_day_of(month_of(date(2026, 2, 28))) == date(2026, 2, 1)


def test_without_release_and_news_there_is_no_earliest_month() -> None:
    assert earliest_month(None, None) is None
    assert earliest_month(None, date(2024, 5, 31)) == "2024-05"
