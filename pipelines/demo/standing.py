"""How much each customer uses the product on each day, and when it is about to leave.

Here belong the two day-by-day maps that usage and signals are drawn from: they know the future of the contracts, so
that logins fall before a loss. The drawing belongs to `events`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.books import MOVEMENTS
from pipelines.demo.contracts import Contracts
from pipelines.demo.population import Flags, Ints, Population
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.terms import Loss, Status

SHOP_ONLY = 55
USE_BY_STATUS = {
    Status.NONE: 100,
    Status.TRIALING: 100,
    Status.ACTIVE: 100,
    Status.PAST_DUE: 80,
    Status.PAUSED: 12,
    Status.FREE: 50,
    Status.CANCELED: 5,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """By (customer, day): percent of the usual activity, and whether the customer is lost within the mood's days."""

    use: NDArray[np.uint8]
    is_leaving: Flags


def foresee(population: Population, contracts: Contracts, calendar: Calendar, seed: int) -> Standing:
    """The maps of all customers, with a visible fall before most losses and a few falls that mean nothing."""
    chance = stream(seed, "standing")
    use = np.full((population.customers, calendar.days), SHOP_ONLY, dtype=np.uint8)
    percent = np.array([USE_BY_STATUS[status] for status in Status], dtype=np.uint8)
    use[contracts.terms.customer] = percent[contracts.books.standing.T]
    is_leaving = np.zeros(use.shape, dtype=np.bool_)
    losses = contracts.books.movements()
    losses = losses.filter((losses["movement"] == MOVEMENTS.index("churn")) & (losses["loss"] != Loss.INVOLUNTARY))
    customer, day = contracts.terms.customer[losses["contract"].to_numpy()], losses["day"].to_numpy()
    for back in range(1, planted.MOOD_DAYS + 1):
        inside = day >= back
        is_leaving[customer[inside], day[inside] - back] = True
    is_seen = chance.random(len(day)) < planted.DECLINE_VISIBLE
    _fall(use, customer[is_seen], day[is_seen])
    false_falls = round(planted.FALSE_DECLINES * use.size / 90)
    _fall(use, chance.integers(0, use.shape[0], false_falls), chance.integers(0, calendar.days, false_falls))
    return Standing(use, is_leaving)


def _fall(use: NDArray[np.uint8], customer: Ints, day: Ints) -> None:
    """Use falls in a line over the days before `day`."""
    for back in range(1, planted.DECLINE_DAYS + 1):
        who, when = customer[day >= back], day[day >= back] - back
        left = planted.DECLINE_TO + (1 - planted.DECLINE_TO) * back / planted.DECLINE_DAYS
        use[who, when] = np.rint(use[who, when] * left).astype(np.uint8)
