"""The places of sums by key and day, by hand."""

from __future__ import annotations

import numpy as np

from assets.kernels.tallies import Places, book

PLACES = Places(keys=2, first=10, last=12)


def test_what_is_before_a_range_is_on_its_first_day_and_what_is_after_it_on_the_day_after() -> None:
    day = np.array([3, 10, 11, 12, 13, 14, 99])
    assert PLACES.of(np.zeros(7, np.int64), day).tolist() == [0, 0, 1, 2, 3, 3, 3]
    assert PLACES.of(np.ones(7, np.int64), day).tolist() == [4, 4, 5, 6, 7, 7, 7]


def test_rows_are_where_a_sum_is_not_0_or_where_they_begin_but_never_after_the_range() -> None:
    sums = PLACES.zeros()
    book(sums, PLACES.of(np.array([0, 0, 1, 1]), np.array([11, 11, 12, 13])), np.array([2, 3, -1, 7]))
    rows = PLACES.as_rows({"found": sums}, PLACES.of(np.array([1]), np.array([10])))
    assert rows.select(rows["key"], rows["date"].to_physical(), rows["found"]).rows() == [
        (0, 11, 5),
        (1, 10, 0),
        (1, 12, -1),
    ]
