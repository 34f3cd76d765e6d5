"""What moved recurring revenue, day by day: its amounts and how often it happened.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from assets.calendar import day_number
from assets.kernels.revenue_windows import Currencies, person_of
from assets.kernels.tallies import Places, book
from assets.kernels.timelines import Integers

MOVEMENTS: Final = ("new", "reactivation", "expansion", "contraction", "churn")


def changes_of(mrr_changes: pl.LazyFrame) -> pl.DataFrame:
    """The changes of MRR: person, currency, `movement`, `before`, `after`, and the number of the `day`."""
    day = day_number(pl.col("day")).cast(pl.Int64)
    movement = pl.col("movement").cast(pl.Enum(MOVEMENTS))
    return mrr_changes.select("person", "currency", movement, "before", "after", day=day).collect()


def movements(
    changes: pl.DataFrame, owner: Integers, currencies: Currencies, where: Places
) -> tuple[Integers, Integers]:
    """Amounts and counts of the MOVEMENTS: movement x place. Churn is booked in the segment value of the day before,
    everything else in that of the day."""
    moved = changes.with_columns(owner=owner).filter(pl.col("day").is_between(where.first, where.last))
    day, owner, before, after = (moved[name].to_numpy() for name in ("day", "owner", "before", "after"))
    movement = moved["movement"].to_physical().cast(pl.Int64).to_numpy()
    size = np.abs(after - before)
    read_on = day - (movement == MOVEMENTS.index("churn"))
    amounts, counts = where.zeros(len(MOVEMENTS)), where.zeros(len(MOVEMENTS))
    for dimension in currencies.segments.on[currencies.basis]:
        value = dimension.at(person_of(owner), read_on)
        place = movement * where.size + where.of(currencies.key(owner, value), day)
        book(amounts, place, size)
        book(counts, place, 1)
    shape = len(MOVEMENTS), where.size
    return amounts.reshape(shape), counts.reshape(shape)
