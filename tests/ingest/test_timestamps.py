from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from warehouse.timestamps import read


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def one(value: str | date, zone: str = "UTC", reporting: str = "UTC") -> tuple[datetime | None, date | None]:
    found = read(pl.Series([value]), zone, reporting)
    return found.at[0], found.day[0]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-05T10:00:00Z", at(2024, 1, 5, 10)),
        ("2024-01-05T10:00:00.250Z", at(2024, 1, 5, 10, 0, 0, 250_000)),
        ("2024-01-05T10:00Z", at(2024, 1, 5, 10)),
        ("2024-01-05 10:00:00 UTC", at(2024, 1, 5, 10)),
        ("2024-01-05T10:00:00+05:30", at(2024, 1, 5, 4, 30)),
        ("2024-01-05 10:00:00-0500", at(2024, 1, 5, 15)),
        ("2024-01-05 10:00:00", at(2024, 1, 5, 10)),
        ("2024-01-05 10:00", at(2024, 1, 5, 10)),
        ("2024/01/05 10:00:00", at(2024, 1, 5, 10)),
        ("1/5/2024 9:07", at(2024, 1, 5, 9, 7)),
        ("01/05/2024 09:07:30 PM", at(2024, 1, 5, 21, 7, 30)),
        ("1704448800", None),
        ("20240105", None),
        ("2024-02-30 10:00", None),
        ("2024-13-01", None),
        ("5 January 2024", None),
    ],
)
def test_forms_of_a_time(text: str, instant: datetime | None) -> None:
    found = read(pl.Series([text]), "UTC", "UTC")
    assert found.at[0] == instant
    assert found.bad[0] == (instant is None)


def test_a_naive_time_is_in_the_sources_zone_and_its_day_in_the_reporting_one() -> None:
    # 23:30 in London in July is 22:30 UTC, which is the next day's 07:30 in Tokyo.
    assert one("2024-07-01 23:30:00", "Europe/London", "Asia/Tokyo") == (at(2024, 7, 1, 22, 30), date(2024, 7, 2))
    naive = datetime(2024, 7, 1, 23, 30)  # noqa: DTZ001
    assert one(naive, "Europe/London", "Asia/Tokyo") == (at(2024, 7, 1, 22, 30), date(2024, 7, 2))


def test_a_date_is_the_business_day_itself_and_begins_when_that_day_does() -> None:
    for value in ("2024-07-01", "7/1/2024", date(2024, 7, 1)):
        assert one(value, "Asia/Tokyo", "America/New_York") == (at(2024, 7, 1, 4), date(2024, 7, 1))


def test_a_gap_shifts_forward_an_overlap_takes_the_earlier_and_both_are_counted() -> None:
    # London 2024: no 01:30 on 31 March (so 02:30 BST), two on 27 October (the first is BST).
    found = read(
        pl.Series(["2024-03-31 01:30:00", "2024-10-27 01:30:00", "2024-06-01 12:00:00"]), "Europe/London", "UTC"
    )
    assert found.at.to_list() == [at(2024, 3, 31, 1, 30), at(2024, 10, 27, 0, 30), at(2024, 6, 1, 11)]
    assert (found.gaps, found.overlaps) == (1, 1)


def test_a_day_that_begins_in_a_gap_begins_after_it() -> None:
    assert one("2018-11-04", reporting="America/Sao_Paulo") == (at(2018, 11, 4, 3), date(2018, 11, 4))


def test_forms_may_mix_in_a_column() -> None:
    found = read(
        pl.Series(["2024-01-05", None, "2024-01-05T10:00:00Z", "?", "2024-01-05T10:00:00+01:00"]), "UTC", "UTC"
    )
    assert found.at.to_list() == [at(2024, 1, 5), None, at(2024, 1, 5, 10), None, at(2024, 1, 5, 9)]
    assert found.bad.to_list() == [False, False, False, True, False]


def test_a_column_with_the_day_first_anywhere_is_not_read_month_first() -> None:
    found = read(pl.Series(["05/01/2024", "13/01/2024", "2024-01-05"]), "UTC", "UTC")
    assert found.bad.to_list() == [True, True, False]


def test_a_typo_does_not_spoil_the_other_dates_with_slashes() -> None:
    assert read(pl.Series(["1/5/2024", "99/99/2024"]), "UTC", "UTC").bad.to_list() == [False, True]


def test_numbers_are_no_times() -> None:
    assert read(pl.Series([1704448800]), "UTC", "UTC").bad.to_list() == [True]
