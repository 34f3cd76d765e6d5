"""Which user is active on which day: the planted curve, and what it leads one to expect.

Here belong the draws of activity and the sums of their chances. What an active user does belongs to `events`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.chances import Floats
from pipelines.demo.population import Ints, Population
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.standing import Standing

CHUNK = 2_048  # users at a time: a few tens of megabytes


@dataclass(frozen=True, slots=True)
class Usage:
    """`user` and `day` of each active user-day in order of days, and what the planted chances lead to.

    The other arrays are by (age of RETENTION_AGES, channel of the user's customer): users old enough, those who came on
    that day, and the sums of chance and of its variance.
    """

    user: NDArray[np.int32]
    day: NDArray[np.int32]
    users_in_cohort: Ints
    users_retained: Ints
    expected: Floats
    variance: Floats


def use_product(population: Population, standing: Standing, calendar: Calendar, seed: int) -> Usage:
    """Active on each day with the chance: curve of the age x own factor x season x standing of the customer."""
    chance = stream(seed, "usage")
    curve = planted.retention_curve(calendar.days)
    order = np.argsort(population.user_first_day, kind="stable")
    users, days = [], []
    sums = np.zeros((4, len(planted.RETENTION_AGES), len(planted.CHANNELS)))
    for start in range(0, len(order), CHUNK):
        chunk = order[start : start + CHUNK]
        begin = int(population.user_first_day[chunk[0]])
        chances = _chances(population, standing, calendar, curve, chunk, begin)
        is_active = chance.random(chances.shape, dtype=np.float32) < chances
        row, column = np.nonzero(is_active)
        users.append(chunk[row].astype(np.int32))
        days.append((column + begin).astype(np.int32))
        first = population.user_first_day[chunk] - begin
        sums += _sums(chances, is_active, first, population.channel[population.user_customer[chunk]])
    user, day = np.concatenate(users), np.concatenate(days)
    by_day = np.argsort(day, kind="stable")
    cohort, retained = sums[:2].astype(np.int64)
    return Usage(user[by_day], day[by_day], cohort, retained, sums[2], sums[3])


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
    chances: NDArray[np.float32] = curve[np.maximum(age, 0)]
    chances *= population.user_factor[chunk][:, None] * (calendar.work[begin:] / np.float32(100))[None, :]
    chances *= standing.use[population.user_customer[chunk], begin:]
    np.minimum(chances, np.float32(planted.ACTIVE_AT_MOST), out=chances)
    chances[age < 0] = 0.0
    chances[age == 0] = 1.0
    return chances


def _sums(chances: NDArray[np.float32], is_active: NDArray[np.bool_], first: Ints, channel: Ints) -> Floats:
    """Per age and channel: users old enough, users who came, sum of chances, sum of their variances."""
    sums = np.zeros((4, len(planted.RETENTION_AGES), len(planted.CHANNELS)))
    for position, age in enumerate(planted.RETENTION_AGES):
        who = np.flatnonzero(first + age < chances.shape[1])
        chance = chances[who, first[who] + age].astype(np.float64)
        came = is_active[who, first[who] + age].astype(np.float64)
        for row, weights in enumerate((np.ones_like(chance), came, chance, chance * (1 - chance))):
            sums[row, position] = np.bincount(channel[who], weights=weights, minlength=len(planted.CHANNELS))
    return sums
