"""What active users do: logins, features, reports, tickets and answers, with the mood of those about to leave.

Here belong the events as they happened. Lateness, duplicates and broken rows belong to `dirt`, files to `files`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.population import Flags, Ints, Population
from pipelines.demo.standing import Standing

EVENT_NAMES = (
    "login",
    "feature_used",
    "report_viewed",
    "ticket_opened",
    "nps_answered",
    "csat_answered",
    "ces_answered",
    "friend_referred",
)
LOGIN, FEATURE, REPORT, TICKET, NPS, CSAT, CES, REFERRAL = range(len(EVENT_NAMES))
NO_VALUE = -1
DAY = 86_400
FIRST_HOUR, LAST_HOUR, STAY_HOURS = 5, 19, 4


@dataclass(frozen=True, slots=True)
class Events:
    """One entry per event: `second` of the day, `name` a position in EVENT_NAMES, NO_VALUE where it has no value."""

    user: NDArray[np.int32]
    day: NDArray[np.int32]
    second: NDArray[np.int32]
    name: NDArray[np.int8]
    value: NDArray[np.int8]


def act(
    population: Population, user: NDArray[np.int32], day: NDArray[np.int32], standing: Standing, chance: Generator
) -> Events:
    """A login on each of these active user-days, some use of the product, and now and then a ticket or an answer."""
    count = len(user)
    is_leaving = standing.is_leaving[population.user_customer[user], day]
    came = chance.integers(FIRST_HOUR * 3600, LAST_HOUR * 3600, count, dtype=np.int32)
    extra = np.repeat(np.arange(count), chance.poisson(planted.EXTRA_EVENTS_PER_DAY, count))
    used = np.where(chance.random(len(extra), dtype=np.float32) < planted.FEATURE_SHARE, FEATURE, REPORT)
    ticket = np.flatnonzero(
        chance.random(count) < planted.TICKET * np.where(is_leaving, planted.TICKET_LEAVING_FACTOR, 1)
    )
    answered = ticket[chance.random(len(ticket)) < planted.CSAT_AFTER_TICKET]
    nps = np.flatnonzero(chance.random(count) < planted.NPS_ANSWER)
    parts: list[tuple[Ints, Ints | int, Ints]] = [
        (np.arange(count), LOGIN, np.full(count, NO_VALUE)),
        (extra, used, np.full(len(extra), NO_VALUE)),
        (ticket, TICKET, np.full(len(ticket), NO_VALUE)),
        (answered, CSAT, score(chance, is_leaving[answered], (4.2, 2.9), 1.0, 1, 5)),
        (nps, NPS, score(chance, is_leaving[nps], (8.3, 5.6), 1.9, 0, 10)),
    ]
    at = np.concatenate([part[0] for part in parts])
    later = chance.integers(1, STAY_HOURS * 3600, len(at), dtype=np.int32)
    later[:count] = 0
    return Events(
        user[at],
        day[at],
        came[at] + later,
        np.concatenate([np.broadcast_to(part[1], part[0].shape) for part in parts]).astype(np.int8),
        np.concatenate([part[2] for part in parts]).astype(np.int8),
    )


def score(chance: Generator, is_leaving: Flags, means: tuple[float, float], spread: float, low: int, high: int) -> Ints:
    """Whole scores around the mean of those who stay or of those who leave."""
    draw = chance.normal(np.where(is_leaving, means[1], means[0]), spread)
    return np.clip(np.rint(draw), low, high).astype(np.int64)
