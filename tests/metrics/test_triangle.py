"""The cells of a cohort table, by hand."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.cohorts import last_day_of_cell, triangle
from warehouse.settings import Settings

KEYS = ["cohort_grain", "cohort_start", "segment"]
ROWS = pl.LazyFrame(
    [
        ("month", date(2024, 1, 1), "all", 0, 2, 2),
        ("month", date(2024, 1, 1), "all", 2, 0, 1),
        ("month", date(2024, 2, 1), "none left", 0, 0, 0),
        ("month", date(2024, 2, 1), "none left", 1, 0, 0),
    ],
    schema=[*KEYS, "age", "size", "came"],
    orient="row",
)


def cells(first_day: date, *, only_in_range: bool) -> list[tuple[int, int, int, bool]]:
    settings = Settings(first_day, date(2024, 3, 30))
    found = triangle(ROWS, KEYS, ["size"], ["came"], settings, only_in_range=only_in_range).collect()
    assert found["segment"].cast(pl.String).to_list() == ["all"] * found.height
    return sorted(found.select("age", "size", "came", "is_complete").rows())


def test_every_age_of_every_cohort_that_somebody_is_in() -> None:
    """In March, which is not over, one of two came again; of the cohort that lost everybody nothing is left."""
    every_age = [(0, 2, 2, True), (1, 2, 0, True), (2, 2, 1, False)]
    assert cells(date(2024, 3, 1), only_in_range=False) == every_age
    assert cells(date(2023, 12, 1), only_in_range=True) == every_age


def test_cells_in_range_are_those_of_periods_that_are_not_over_before_it() -> None:
    assert cells(date(2024, 3, 1), only_in_range=True) == [(2, 2, 1, False)]
    assert cells(date(2024, 2, 29), only_in_range=True) == [(1, 2, 0, True), (2, 2, 1, False)]


def test_a_cell_ends_with_its_period() -> None:
    """The third week of a cohort of 29 January is that of 12 to 18 February; of one of January the second month is
    February."""
    rows = pl.DataFrame(
        [("week", date(2024, 1, 29), 2), ("month", date(2024, 1, 1), 1), ("month", date(2024, 1, 1), 11)],
        schema=["cohort_grain", "cohort_start", "age"],
        orient="row",
    )
    ends = rows.select(last_day_of_cell(("week", "month"))).to_series().to_list()
    assert ends == [date(2024, 2, 18), date(2024, 2, 29), date(2024, 12, 31)]
