"""Functions of time as arrays: what is open is closed, and a range sees what it must, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest

from assets.calendar import NEVER
from assets.kernels.timelines import Timeline, at, day_at, laid_over, owner_at, timeline

# Owner, day, by how much it changes: the first is back at 0 on day 5, the second stays at 2.
CHANGES = [(1, 3, 4), (1, 5, -4), (2, -7, 2)]


def function(changes: Sequence[tuple[int, int, int]]) -> Timeline:
    owner, day, change = (np.array(column, np.int64) for column in zip(*changes, strict=True))
    return timeline(at(owner, day), change)


def told(found: Timeline) -> list[tuple[int, int, int]]:
    columns = owner_at(found.at), day_at(found.at), found.change
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("changes", list(permutations(CHANGES)))
def test_changes_in_any_order_are_one_function_that_is_closed(changes: Sequence[tuple[int, int, int]]) -> None:
    assert told(function(changes)) == [*CHANGES, (2, NEVER, -2)]


def test_a_range_sees_what_stands_in_it_and_nothing_else() -> None:
    changes = [(1, 0, 1), (1, 4, 2), (1, 9, -3), (2, 0, 5), (2, 3, -5), (3, 11, 7), (4, 2, 6), (5, 6, 8)]
    seen = function(changes).within(4, 8)
    assert told(seen) == [(1, 4, 3), (1, 9, -3), (4, 4, 6), (4, 9, -6), (5, 6, 8), (5, 9, -8)]


def test_pieces_are_cut_where_any_function_changes() -> None:
    one = function([(1, 1, 2), (1, 4, 5), (1, 6, -7), (2, 2, 1)])
    other = function([(1, 1, 3), (1, 4, -3), (2, 5, 1), (2, 6, -1)])
    pieces = laid_over([one, other], 1, 7)
    columns = pieces.owner, pieces.start, pieces.end, *pieces.values
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == [
        (1, 1, 4, 2, 3),
        (1, 4, 6, 7, 0),
        (2, 2, 5, 1, 0),
        (2, 5, 6, 1, 1),
        (2, 6, 8, 1, 0),
    ]


def test_nobody_has_no_pieces() -> None:
    nobody = timeline(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert told(nobody) == []
    assert laid_over([nobody, nobody], 1, 7).owner.tolist() == []
