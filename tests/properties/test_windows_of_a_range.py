"""The windows of a range of days are those of all days, cut to the range: what lies before is not forgotten."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from assets.kernels.retention_windows import KINDS_OF, activities, window
from assets.kernels.tallies import number_of
from warehouse.settings import Settings

FIRST, DAYS = date(2024, 1, 1), 500
ALL = Settings(FIRST, FIRST + timedelta(days=DAYS))
SCHEMA = {
    "basis": pl.String,
    "person": pl.UInt32,
    "start_day": pl.Date,
    "end_day": pl.Date,
    "churn_type": pl.String,
    "churn_reason": pl.String,
}


def spans(*ends: tuple[int, int, int | None]) -> pl.LazyFrame:
    """Spans of persons: (person, first day, first day no longer active)."""
    rows = [
        ("orders", who, FIRST + timedelta(days=a), None if b is None else FIRST + timedelta(days=b), "unknown", None)
        for who, a, b in ends
    ]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def counted(rows: pl.LazyFrame, days: int, settings: Settings, first: int, last: int) -> list[tuple[int, ...]]:
    """The counts of each day from `first` to `last`, counted from FIRST."""
    zero = number_of(FIRST)
    pieces, kind, _ = window(activities(rows, days, settings)["orders"], days, settings)
    found = []
    for day in range(first, last + 1):
        covering = kind[(pieces.start <= day + zero) & (pieces.end > day + zero)]
        found.append((day, *(int(np.isin(covering, kinds).sum()) for kinds in KINDS_OF.values())))
    return found


def of_range(first: int, last: int) -> Settings:
    return Settings(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


def test_who_returned_long_ago_is_not_new_because_the_first_span_lies_before_the_range() -> None:
    """Active from day 0 to 9 and again from day 30 on; on day 380 the window of 365 days begins between the two."""
    returned = spans((1, 0, 10), (1, 30, None))
    assert counted(returned, 365, of_range(378, 390), 380, 380) == counted(returned, 365, ALL, 380, 380)
    [(_, *counts)] = counted(returned, 365, of_range(378, 390), 380, 380)
    told = dict(zip(KINDS_OF, counts, strict=True))
    assert (told["customers_new"], told["customers_reactivated"]) == (0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_a_range_counts_what_all_days_count(seed: int) -> None:
    dice = random.Random(seed)
    rows = []
    for person in range(12):
        ends = sorted(dice.sample(range(DAYS - 40), 6))
        pairs = [(ends[at], ends[at + 1]) for at in (0, 2, 4)]
        rows += [(person, a, b) for a, b in pairs]
    drawn, first = spans(*rows), dice.randrange(200, DAYS - 30)
    for days in (1, 30, 365):
        in_range = counted(drawn, days, of_range(first, first + 20), first, first + 20)
        assert in_range == counted(drawn, days, ALL, first, first + 20)
