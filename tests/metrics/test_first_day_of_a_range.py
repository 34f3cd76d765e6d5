"""The first day of a range knows the users whose oldest age it is, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from assets.metrics import user_retention_daily
from warehouse.settings import Settings

FIRST = date(2024, 3, 1)
OLDEST = max(user_retention_daily.AGES)


def test_who_is_of_the_oldest_age_on_the_first_day_is_counted_and_who_is_older_is_not() -> None:
    first_days = [FIRST - timedelta(days=OLDEST + later) for later in (1, 0, -1)]
    people = pl.LazyFrame({"person": [1, 2, 3], "kind": ["user"] * 3, "first_day": first_days})
    days = pl.LazyFrame({"person": [1, 2, 3, 2], "day": [*first_days, FIRST]})
    settings = Settings(FIRST, FIRST + timedelta(days=9), sources=frozenset({"events"}))
    rows = user_retention_daily.measure(days, people, settings)
    of_oldest = rows.filter(pl.col("age_days") == OLDEST, pl.col("segment") == "all").collect()
    counts = of_oldest.group_by("date").agg(pl.col("users_in_cohort", "users_retained").sum()).sort("date")
    assert counts.rows() == [(FIRST, 1, 1), (FIRST + timedelta(days=1), 1, 0)]
