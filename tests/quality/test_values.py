"""Words never used before are counted over the rows of new files, and small novelties are no alarm."""

from __future__ import annotations

import polars as pl
import pytest

from quality import values
from tests.quality.shop import fails


def judged(new: dict[str, int], earlier: dict[str, int]) -> bool | None:
    """Whether it warns; None where nothing is judged."""
    words = sorted(new.keys() | earlier.keys())
    counts = pl.DataFrame(
        {"plan": words, "new": [new.get(one, 0) for one in words], "earlier": [earlier.get(one, 0) for one in words]}
    )
    found = values._judged("subscriptions", "plan", counts, 0.25)
    assert all("'gold'" in one.message for one in found if fails(one))
    return fails(found[0]) if found else None


@pytest.mark.parametrize(
    ("new", "earlier", "warns"),
    [
        ({"gold": 30, "free": 70}, {"free": 200}, True),
        ({"gold": 25, "free": 75}, {"free": 200}, False),
        ({"gold": 100}, {"gold": 1, "free": 199}, False),
        ({"gold": 100}, {"free": 199}, None),
        ({"gold": 19}, {"free": 200}, None),
    ],
)
def test_a_quarter_of_the_new_rows_may_have_words_of_their_own(
    new: dict[str, int], earlier: dict[str, int], warns: bool | None
) -> None:
    assert judged(new, earlier) is warns
