"""How likely each thing is to happen to an active contract on a day.

Here belongs the table of daily chances, one row per contract and one column per thing; what then happens belongs to
`contracts`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.population import Flags, Ints
from pipelines.demo.terms import FREE_PLAN, Terms

Floats = NDArray[np.float64]


class Happening(IntEnum):
    """What may happen to an active contract on a day: at most one of them."""

    CANCEL = 0
    FAIL = 1
    PAUSE = 2
    TO_FREE = 3
    UPGRADE = 4
    DOWNGRADE = 5
    SEATS_UP = 6
    SEATS_DOWN = 7
    SWITCH = 8
    RETURN = 9
    ADDON_START = 10
    ADDON_STOP = 11
    MONEY_OFF = 12


class Chances:
    """The chance of each happening on one day, while the contract is active; `edges` are the running sums."""

    def __init__(self, terms: Terms, cancel_factor: Floats) -> None:
        self.terms = terms
        self.cancel_factor = cancel_factor
        self.daily = np.zeros((terms.count, len(Happening)))
        self.edges = self.daily.copy()

    def refresh(self, who: Ints) -> None:
        """Recompute the rows of contracts whose terms changed."""
        terms, monthly = self.terms, ~self.terms.is_yearly[who]
        plan, month = terms.plan[who], np.zeros((len(who), len(Happening)))
        midterm = np.where(monthly, 1.0, planted.YEARLY_MIDTERM_FACTOR)
        month[:, Happening.CANCEL] = self.monthly_cancel(who) * midterm
        month[:, Happening.FAIL] = planted.PAYMENT_FAILURE * monthly
        month[:, Happening.PAUSE] = planted.PAUSE * monthly
        month[:, Happening.TO_FREE] = planted.TO_FREE * monthly
        month[:, Happening.UPGRADE] = planted.UPGRADE * (plan < FREE_PLAN - 1)
        month[:, Happening.DOWNGRADE] = planted.DOWNGRADE * (plan > 0)
        month[:, Happening.SEATS_UP] = planted.SEATS_UP
        month[:, Happening.SEATS_DOWN] = planted.SEATS_DOWN * (terms.quantity[who] > 1)
        month[:, Happening.SWITCH] = planted.PLAN_SWITCH
        month[:, Happening.RETURN] = planted.SAME_DAY_RETURN
        month[:, Happening.ADDON_START] = planted.ADDON_START * ~terms.has_addon[who]
        month[:, Happening.ADDON_STOP] = planted.ADDON_STOP * terms.has_addon[who]
        month[:, Happening.MONEY_OFF] = planted.MONEY_OFF * (monthly & ~terms.is_on_offer(who))
        self.daily[who] = month / planted.MONTH_DAYS
        self.edges[who] = np.cumsum(self.daily[who], axis=1)

    def monthly_cancel(self, who: Ints) -> Floats:
        """The hazard of a voluntary cancel per 30 days, of a monthly contract."""
        base = np.array(planted.PLAN_CANCEL)[np.minimum(self.terms.plan[who], FREE_PLAN - 1)]
        return np.asarray(base * self.cancel_factor[who])

    def renewal_cancel(self, who: Ints) -> Floats:
        """The chance that a yearly contract is canceled on its anniversary."""
        return np.minimum(0.6, self.monthly_cancel(who) * planted.YEARLY_RENEWAL_CANCEL_MONTHS)

    def happening(self, who: Ints, draw: Floats) -> tuple[Flags, Ints]:
        """Whether anything happens to each, and which thing it is where it does."""
        hit = draw < self.edges[who, -1]
        return hit, (draw[hit, None] >= self.edges[who[hit]]).sum(axis=1)


def loss_after_failure(days_left: int) -> float:
    """The chance that a failed payment ends in a loss that falls within the days left."""
    low, high = planted.GRACE_CANCEL_DAYS
    in_time = min(max(days_left - low + 1, 0), high - low + 1) / (high - low + 1)
    silent = 1.0 - planted.FAILURE_RECOVERS - planted.FAILURE_CANCELS
    return planted.FAILURE_CANCELS * in_time + silent * (days_left >= planted.GRACE_DAYS)
