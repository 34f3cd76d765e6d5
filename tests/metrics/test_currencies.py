"""Persons and currencies as owners, by hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.kernels.revenue_windows import Currencies, for_owners
from assets.kernels.segment_codes import Segments
from assets.kernels.timelines import at, day_at, owner_at, timeline

IN_THE_SECOND = 1 << 32


def test_a_function_of_persons_is_that_of_their_owners_alone() -> None:
    person, day, change = (np.array(column) for column in ([0, 0, 1, 1], [3, 9, 4, 8], [1, -1, 2, -2]))
    owners = np.array([0, 2, IN_THE_SECOND + 1, IN_THE_SECOND + 2])
    found = for_owners(timeline(at(person, day), change), owners)
    assert owner_at(found.at).tolist() == [0, 0, IN_THE_SECOND + 1, IN_THE_SECOND + 1]
    assert day_at(found.at).tolist() == [3, 9, 4, 8]
    assert found.change.tolist() == [1, -1, 2, -2]


def test_a_key_is_a_currency_and_a_value_even_where_there_is_one_value() -> None:
    for values in (["all"], ["all", "new", "established"]):
        names = pl.DataFrame({"segment": "all", "segment_value": values})
        pairs = np.arange(2 * len(values))
        currencies = Currencies(pl.Series(["EUR", "USD"]), Segments(names, {"orders": []}), "orders", {}, pairs)
        rows = currencies.named(pl.DataFrame({"key": pairs}))
        assert rows["currency"].to_list() == ["EUR"] * len(values) + ["USD"] * len(values)
        assert rows["segment_value"].to_list() == values * 2
