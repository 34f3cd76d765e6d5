"""Which user is active on which day: the planted curve, and what it leads one to expect.

Here belong the draws of activity and the sums of their chances. What an active user does belongs to `events`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.population import Ints, Population
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.standing import Standing

CHUNK = 2_048  # users at a time: a few tens of megabytes


@dataclass(frozen=True, slots=True)
class Usage:
    """`user` and `day` of each active user-day; `expected`: what the planted chances lead to, per age and customer channel.

    Columns of expected: age_days, channel (position), users_in_cohort, expected, variance, users_retained.
    """

    user: Ints
    day: Ints
    expected: pl.DataFrame


def use_product(population: Population, standing: Standing, calendar: Calendar, seed: int) -> Usage:
    """Active on each day with the chance: curve of the age x own factor x weekday and season x standing of the customer."""
    chance = stream(seed, "usage")
    curve = planted.retention_curve(calendar.days)
    order = np.argsort(population.user_first_day, kind="stable")
    users, days, sums = [], [], []
    for start in range(0, len(order), CHUNK):
        chunk = order[start : start + CHUNK]
        begin = int(population.user_first_day[chunk[0]])
        first = population.user_first_day[chunk] - begin
        chances = _chances(population, standing, calendar, curve, chunk, begin)
        is_active = chance.random(chances.shape, dtype=np.float32) < chances
        row, column = np.nonzero(is_active)
        users.append(chunk[row])
        days.append(column + begin)
        channel = population.channel[population.user_customer[chunk]]
        sums.extend(_sums(chances, is_active, first, channel))
    names = ["age_days", "channel", "users_in_cohort", "expected", "variance", "users_retained"]
    expected = pl.DataFrame(sums, schema=names, orient="row").group_by("age_days", "channel").sum()
    return Usage(np.concatenate(users), np.concatenate(days), expected.sort("age_days", "channel"))


def _chances(
    population: Population,
    standing: Standing,
    calendar: Calendar,
    curve: NDArray[np.float32],
    chunk: Ints,
    begin: int,
) -> NDArray[np.float32]:
    """The chance of activity, (user of the chunk, day from `begin` on): 1 on the first day, 0 before."""
    age = np.arange(begin, calendar.days)[None, :] - population.user_first_day[chunk][:, None]
    chances = curve[np.maximum(age, 0)]
    chances *= population.user_factor[chunk][:, None] * (calendar.work[begin:] / np.float32(100))[None, :]
    chances *= standing.use[population.user_customer[chunk], begin:]
    np.minimum(chances, np.float32(planted.ACTIVE_AT_MOST), out=chances)
    chances[age < 0] = 0.0
    chances[age == 0] = 1.0
    return chances


def _sums(
    chances: NDArray[np.float32], is_active: NDArray[np.bool_], first: Ints, channel: Ints
) -> list[tuple[int, int, int, float, float, int]]:
    rows = []
    for age in planted.RETENTION_AGES:
        who = np.flatnonzero(first + age < chances.shape[1])
        chance = chances[who, first[who] + age].astype(np.float64)
        came = is_active[who, first[who] + age]
        for position in range(len(planted.CHANNELS)):
            mine = channel[who] == position
            part = chance[mine]
            spread = part * (1 - part)
            rows.append((age, position, int(mine.sum()), float(part.sum()), float(spread.sum()), int(came[mine].sum())))
    return rows
