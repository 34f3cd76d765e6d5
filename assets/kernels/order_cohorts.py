"""Days with orders in the order of customer, currency and day: of each the period, the cohort, and who is counted.

Source: docs/metrics.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.calendar import Grain, day_number, period_number
from assets.kernels.cohorts import calendar
from assets.kernels.revenue_windows import currency_of, owners_of, person_of
from assets.kernels.timelines import Integers, at, day_at, owner_at
from assets.packing import BETWEEN_OWNERS, LONGER_THAN_ANY, kinds_of
from warehouse.settings import Settings


@dataclass(frozen=True)
class OrderDays:
    """Of each row: the `owner`, a person and the number of one of the `currencies`, its `day`, `gap`, the days since
    the owner's day before, its `first_day`, and the net `revenue` of the day."""

    currencies: pl.Series
    owner: Integers
    day: Integers
    gap: Integers
    first_day: Integers
    revenue: Integers

    def by_period(self, grain: Grain, settings: Settings) -> pl.LazyFrame:
        """The days in periods that end in the range or after it: person, currency, `first_day`, `revenue`, `cohort`
        (number of its period), `age`, and whether it is the first of its period (`is_retained`)."""
        days = calendar(grain, _dates(self.day).to_frame("first_day"), settings.last_day)
        begins = pl.select(period_number(pl.lit(settings.first_day), grain)).item()
        period = days.period[self.day - days.lowest]
        kept = np.flatnonzero(period >= begins)
        day, first_day, owner = self.day[kept], self.first_day[kept], self.owner[kept]
        cohort = days.period[first_day - days.lowest]
        currencies = self.currencies.cast(pl.Enum(self.currencies))
        return pl.LazyFrame(
            {
                "person": person_of(owner).astype(np.uint32),
                "currency": currencies.gather(currency_of(owner)),
                "first_day": _dates(first_day),
                "revenue": self.revenue[kept],
                "cohort": cohort,
                "age": (period[kept] - cohort).astype(np.int64),
                "is_retained": (self.gap[kept] >= days.nth[day - days.lowest]).astype(np.int64),
            }
        )


def order_days_of(order_days: pl.LazyFrame, settings: Settings) -> OrderDays:
    """The days of orders (`person`, `currency`, `day`, `revenue`) up to the last day, in any order."""
    rows = order_days.filter(pl.col("day") <= settings.last_day).select(
        "person", "currency", "revenue", day=day_number(pl.col("day")).cast(pl.Int64)
    )
    found = rows.collect()
    currencies = kinds_of(found["currency"]).categories
    number = at(owners_of(found, currencies), found["day"].to_numpy())
    order = np.argsort(number, kind="stable")
    number = number[order]
    day, gap = day_at(number), np.diff(number, prepend=number[:1] - LONGER_THAN_ANY)
    first = np.flatnonzero(gap >= BETWEEN_OWNERS)
    first_day = np.repeat(day[first], np.diff(first, append=len(day)))
    return OrderDays(currencies, owner_at(number), day, gap, first_day, found["revenue"].to_numpy()[order])


def _dates(days: Integers) -> pl.Series:
    return pl.Series(days.astype(np.int32)).cast(pl.Date)
