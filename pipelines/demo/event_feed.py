"""The events as they are received, one month after the other: most soon, some a day late, a few over a month late.

Here belongs the order of receipt. Only one month and what is still on its way are held in memory, so a demo of any size
can be made. What happens in an event belongs to `events`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.events import NO_VALUE, Events, act
from pipelines.demo.population import Ints
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.world import World

DAY = 86_400
MICROSECOND = 1_000_000
EPOCH = date(1970, 1, 1)


def received_by_month(world: World) -> Iterator[pl.DataFrame]:
    """The rows received in each calendar month, in order of receipt; all are received before the calendar ends.

    Columns: event, user, customer (numbers), occurred, received (microseconds since 1970), name (position), value.
    """
    chance = stream(world.seed, "events")
    months = world.calendar.months()
    waiting: pl.DataFrame | None = None
    last_event = 0
    for month in np.unique(months).tolist():
        days = np.flatnonzero(months == month)
        begin, end = np.searchsorted(world.usage.day, [days[0], days[-1] + 1])
        user, day = world.usage.user[begin:end], world.usage.day[begin:end]
        happened = _rows(world, act(world.population, user, day, world.standing, chance), chance)
        rows = happened if waiting is None else pl.concat([waiting, happened])
        is_due = pl.col("received") < _start_of_day(world.calendar, int(days[-1]) + 1)
        waiting = rows.filter(~is_due)
        rows = rows.filter(is_due).sort("received", "occurred", "user", "name", "value", nulls_last=True)
        numbers = pl.int_range(last_event + 1, last_event + 1 + pl.len(), dtype=pl.Int64)
        last_event += rows.height
        if rows.height:
            yield rows.select(numbers.alias("event"), pl.all())


def _rows(world: World, events: Events, chance: np.random.Generator) -> pl.DataFrame:
    count, calendar = len(events.user), world.calendar
    occurred = _start_of_day(calendar, 0) + (events.day.astype(np.int64) * DAY + events.second) * MICROSECOND
    occurred += chance.integers(0, 1_000, count) * 1_000
    received = _received(occurred, _start_of_day(calendar, calendar.days), chance)
    columns: dict[str, NDArray[np.generic]] = {
        "user": events.user,
        "customer": world.population.user_customer.astype(np.int32)[events.user],
        "occurred": occurred,
        "received": received,
        "name": events.name,
        "value": events.value,
    }
    return pl.DataFrame(columns).with_columns(pl.when(pl.col("value") != NO_VALUE).then("value").alias("value"))


def _received(occurred: Ints, end: int, chance: np.random.Generator) -> Ints:
    """Late by whole days where that is still before the end."""
    count = len(occurred)
    soon = np.minimum(occurred + chance.integers(1, 90, count) * MICROSECOND, end - 1)
    draw = chance.random(count)
    days = np.where(draw < planted.ONE_DAY_LATE + planted.VERY_LATE, 1, 0)
    very_late = np.flatnonzero(draw < planted.VERY_LATE)
    low, high = planted.VERY_LATE_DAYS
    days[very_late] = chance.integers(low, high + 1, len(very_late))
    late = soon + days * DAY * MICROSECOND
    return np.asarray(np.where(late < end, late, soon), dtype=np.int64)


def _start_of_day(calendar: Calendar, day: int) -> int:
    return ((calendar.first - EPOCH).days + day) * DAY * MICROSECOND
