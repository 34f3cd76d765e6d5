"""Where the rows of a segment value begin, by hand."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.calendar import ALWAYS_BEFORE, NEVER
from assets.segments import split_starts
from warehouse.settings import Settings

SETTINGS = Settings(date(2024, 3, 1), date(2024, 3, 31))


def test_rows_begin_with_the_first_fact_in_the_range_its_last_day_included() -> None:
    days = [date(2024, 1, 5), date(2024, 3, 1), date(2024, 3, 31), date(2024, 4, 1)]
    facts = pl.LazyFrame({"person": [1, 2, 3, 4], "currency": "EUR", "day": days})
    spans = pl.LazyFrame(
        {"person": [1, 2, 3, 4], "segment": "country", "segment_value": ["AT", "BE", "CH", "DE"]}
    ).with_columns(since=pl.lit(ALWAYS_BEFORE), until=pl.lit(NEVER))
    rows = split_starts(facts, spans, ["currency"], SETTINGS).sort("segment_value").collect()
    assert rows.select("segment_value", "date").rows() == [
        ("AT", date(2024, 3, 1)),
        ("BE", date(2024, 3, 1)),
        ("CH", date(2024, 3, 31)),
    ]
