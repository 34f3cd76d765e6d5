"""Rows that are put in order by one number are in the order in which sorting by the columns puts them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from warehouse import ordering
from warehouse.ordering import in_order

ROWS = 3_000


def drawn(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    nothing = pl.Series(rng.random(ROWS) < 0.1)
    frame = pl.DataFrame(
        {
            "segment": rng.choice(["plan", "all", "Country", "é", ""], ROWS),
            "value": rng.choice(["b", "a", "ß", "B", "aa"], ROWS),
            "day": [date(1999, 1, 1) + timedelta(days=int(day)) for day in rng.integers(-400, 400, ROWS)],
            "number": rng.integers(-5, 5, ROWS),
            "flag": rng.random(ROWS) < 0.5,
            "id": [f"c{number}" for number in rng.integers(0, 10 * ROWS, ROWS)],
            "share": rng.random(ROWS),
            "large": rng.integers(-(1 << 62), 1 << 62, ROWS),
            "larger": rng.integers(0, 1 << 64, ROWS, dtype=np.uint64),
        }
    )
    return frame.with_columns(pl.when(~nothing).then(pl.col("value", "day", "number", "flag")))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "columns",
    [
        ["segment", "value", "day", "number", "flag"],
        ["day", "number"],
        ["value"],
        ["id", "day"],
        ["share", "day"],
        ["large", "number"],
        ["day", "large", "segment"],
        ["larger", "day"],
        ["number", "flag", "id"],
        ["flag", "share", "number"],
        ["day", "number", "large", "id"],
    ],
)
def test_the_order_is_that_of_sorting(seed: int, columns: list[str]) -> None:
    rows = drawn(seed).unique(columns, keep="first", maintain_order=True)
    assert in_order(rows, columns).equals(rows.sort(columns))
    assert in_order(rows.clear(), columns).is_empty()


def test_one_text_comes_first() -> None:
    rows = drawn(7).select("segment", "number").unique()
    found = in_order(rows, ["segment", "number"], {"segment": "all"})
    assert found.equals(rows.sort(pl.col("segment") != "all", "segment", "number"))
    assert found["segment"][0] == "all"


def test_many_texts_are_sorted_and_not_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(3).select("segment", "number", "share").unique(["segment", "number"], keep="first")
    numbered = in_order(rows, ["segment", "number"], {"segment": "all"})
    monkeypatch.setattr(ordering, "_MOST_TEXTS", 1)
    assert in_order(rows, ["segment", "number"], {"segment": "all"}).equals(numbered)
