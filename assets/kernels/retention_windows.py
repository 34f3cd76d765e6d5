"""Windows of customer retention as arrays: what every customer is to the window that ends on a day.

The plain form is in tests/metrics/plain_forms.py. Source: docs/metrics.md section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from assets.calendar import NEVER, day_number
from assets.kernels.segment_codes import by_person
from assets.kernels.tallies import number_of
from assets.kernels.timelines import Integers, Pieces, Timeline, at, laid_over, timeline
from assets.retention import ACTIVE, FIRST_DAYS, TYPE_NUMBERS
from warehouse.settings import Settings

RETAINED, NEW, REACTIVATED = 0, len(TYPE_NUMBERS) + 1, len(TYPE_NUMBERS) + 2
KINDS: Final = REACTIVATED + 1
_LOST: Final = list(TYPE_NUMBERS.values())
KINDS_OF: Final = {
    "customers_at_start": [RETAINED, *_LOST],
    "customers_retained": [RETAINED],
    "customers_lost": _LOST,
    **{f"customers_lost_{kind}": [n] for kind, n in TYPE_NUMBERS.items()},
    "customers_new": [NEW],
    "customers_reactivated": [REACTIVATED],
    "customers_at_end": [RETAINED, NEW, REACTIVATED],
}


@dataclass(frozen=True)
class Activity:
    """Who was active on one basis: the function of assets/retention.py, and each person's first active day by code."""

    state: Timeline
    first_start: Integers


NOBODY: Final = Activity(Timeline(np.zeros(0, np.int64), np.zeros(0, np.int64)), np.zeros(0, np.int64))


def first_facts(people: pl.LazyFrame, count: int) -> dict[str, Integers]:
    """For each basis the day of each customer's first fact in its source, by code; NEVER where it has none."""
    days = [day_number(pl.col(name)).fill_null(NEVER).cast(pl.Int64).alias(name) for name in FIRST_DAYS.values()]
    customers = people.filter(pl.col("kind") == "customer").select(pl.col("person").cast(pl.Int64), *days).collect()
    return {basis: by_person(customers["person"], customers[name], count) for basis, name in FIRST_DAYS.items()}


def activities(spans: pl.LazyFrame, longest: int, settings: Settings) -> dict[str, Activity]:
    """Each basis with spans, as far as windows of up to `longest` days in the range look at it."""
    rows = spans.select(
        "basis",
        pl.col("person").cast(pl.Int64),
        start=day_number(pl.col("start_day")).cast(pl.Int64),
        end=day_number(pl.col("end_day")).cast(pl.Int64).fill_null(NEVER),
        lost_as=pl.col("churn_type").replace_strict(TYPE_NUMBERS, return_dtype=pl.Int64),
    ).collect()
    begins = number_of(settings.first_day) - longest
    parts = rows.partition_by("basis", as_dict=True)
    return {str(basis): _activity(part, begins) for (basis,), part in parts.items()}


def _activity(spans: pl.DataFrame, begins: int) -> Activity:
    person, start, end, lost_as = (spans[name].to_numpy() for name in ("person", "start", "end", "lost_as"))
    first_start = by_person(person, start)
    seen = np.flatnonzero(end >= begins)
    order = seen[np.argsort(at(person[seen], start[seen]), kind="stable")]
    person, start, end, lost_as = person[order], start[order], end[order], lost_as[order]
    is_same = np.append(False, person[1:] == person[:-1])[: len(person)]
    lost_before = np.where(is_same, np.roll(lost_as, 1), 0)
    # A customer's spans neither overlap nor touch, so starts and ends take turns; what is open closes on NEVER.
    days = np.column_stack([at(person, start), at(person, end)]).ravel()
    changes = np.column_stack([lost_before + ACTIVE, np.where(end == NEVER, -ACTIVE, -lost_as - ACTIVE)]).ravel()
    return Activity(timeline(days, changes), first_start)


def window(activity: Activity, days: int, settings: Settings) -> tuple[Pieces, Integers, Integers]:
    """The pieces of days D of the range on which a person's window (D - days, D] looks the same; what the person is to
    it, one of KINDS; and how many days ago its segment is read: at the window's start if active then, else at its end.
    """
    first, last = number_of(settings.first_day), number_of(settings.last_day)
    pieces = laid_over([activity.state, activity.state.delayed(days)], first, last)
    now, then = pieces.values
    pieces = pieces.where((now == ACTIVE) | (then == ACTIVE))
    now, then = pieces.values
    is_first = pieces.start < activity.first_start[pieces.owner] + days
    return pieces, kind_of(now, then, is_first), np.where(then == ACTIVE, days, 0)


def kind_of(now: Integers, then: Integers, is_first: np.ndarray) -> Integers:
    """What customers are who are active `now` or were `then`: one of KINDS. `is_first`: whether the first span of one
    that came lies between."""
    came = np.where(is_first, NEW, REACTIVATED)
    return np.where(then == ACTIVE, np.where(now == ACTIVE, RETAINED, -now), came)
