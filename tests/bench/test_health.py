"""The measures of the health bench on customers that can be counted by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.bench.health import calibration, lifts, pooled

DAY = date(2026, 1, 31)


def _found(scores: dict[int, tuple[int, int]]) -> pl.DataFrame:
    """For each score so many customers, of whom so many left."""
    rows = [(score, number < left) for score, (customers, left) in scores.items() for number in range(customers)]
    return pl.DataFrame(rows, ["health_score", "left"], orient="row").with_columns(
        date=pl.lit(DAY), customer_id=pl.int_range(pl.len()).cast(pl.String).str.zfill(3)
    )


def test_the_lowest_tenth_is_compared_with_everybody() -> None:
    # 20 customers, 4 left; the tenth are the 2 of score 40, 1 left: 1/2 over 4/20 is 2.5.
    (row,) = lifts(_found({100: (12, 1), 60: (6, 2), 40: (2, 1)})).rows(named=True)
    assert (row["customers"], row["left"], row["tenth_left"]) == (20, 4, 1)
    assert row["lift"] == pytest.approx(2.5)


def test_a_score_that_says_nothing_is_as_good_as_chance() -> None:
    # Everybody has one score; 2 drawn of 20, 10 of whom left: both with 10/20 x 9/19.
    of_all = pooled(lifts(_found({100: (20, 10)})))
    assert of_all.chance == pytest.approx(10 / 20 * 9 / 19)
    assert of_all.lift == pytest.approx(2)


def test_who_left_is_told_by_score() -> None:
    told = calibration(_found({100: (8, 2), 75: (4, 3)})).rows()
    assert told == [("71 to 80", 4, 3, 0.75), ("100", 8, 2, 0.25)]
