"""What customers say besides: how easy a ticket was made for them, and whom they told of the product.

These events have a stream of chance of their own and come after everything else, so that all that the business lived
through stays as it was without them. They are delivered at once and without dirt.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.events import CES, FIRST_HOUR, LAST_HOUR, REFERRAL, score
from pipelines.demo.seasons import stream
from pipelines.demo.world import World

DAY, MICROSECOND, MILLISECOND = 86_400, 1_000_000, 1_000
FIRST_EVENT = 2_000_000_000


def answers(world: World) -> pl.DataFrame:
    """Rows as the event feed has them, in order of receipt, with the `month` in which they are received."""
    chance = stream(world.seed, "answers")
    user, day = world.usage.user, world.usage.day
    customer = world.population.user_customer.astype(np.int32)[user]
    is_leaving = world.standing.is_leaving[customer, day]
    asked = np.flatnonzero(chance.random(len(user)) < planted.CES_ANSWER)
    told = np.flatnonzero(chance.random(len(user)) < planted.REFERRAL * np.where(is_leaving, 0.2, 1.0))
    at = np.concatenate([asked, told])
    values = score(chance, is_leaving[asked], (5.6, 3.6), 1.2, 1, 7)
    second = chance.integers(FIRST_HOUR * 3600, LAST_HOUR * 3600, len(at))
    first = (world.calendar.first.toordinal() - 719_163) * DAY
    occurred = (first + day[at].astype(np.int64) * DAY + second) * MICROSECOND
    received = occurred + chance.integers(1, 90, len(at)) * MICROSECOND
    rows = pl.DataFrame(
        {
            "user": user[at],
            "customer": customer[at],
            "occurred": occurred + chance.integers(0, 1_000, len(at)) * MILLISECOND,
            "received": received,
            "name": np.repeat(np.array([CES, REFERRAL], dtype=np.int8), [len(asked), len(told)]),
            "value": pl.Series([*values.tolist(), *[None] * len(told)], dtype=pl.Int8),
        }
    ).sort("received", "occurred", "user", "name")
    return rows.select(
        pl.int_range(FIRST_EVENT, FIRST_EVENT + pl.len(), dtype=pl.Int64).alias("event"),
        pl.all(),
        month=month_of(),
    )


def month_of() -> pl.Expr:
    """The calendar month in which a row is received."""
    return pl.from_epoch("received", time_unit="us").dt.truncate("1mo").dt.date()
