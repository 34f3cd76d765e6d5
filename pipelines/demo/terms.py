"""What each contract stands at: the state of every subscription at a moment, and what it is worth a month.

Here belong the arrays, one entry per contract customer, and the arithmetic on them. What happens on a day belongs to
`contracts`, how likely it is to `chances`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import planted
from pipelines.demo.population import Flags, Ints

NEVER = 1 << 30
FREE_PLAN = len(planted.PLANS)
ADDON_PLAN = FREE_PLAN + 1
PLAN_NAMES = (*planted.PLANS, "free", "storage")


class Status(IntEnum):
    """Where a contract stands at the end of a day; FREE is an active subscription to the free plan."""

    NONE = 0
    TRIALING = 1
    ACTIVE = 2
    PAST_DUE = 3
    PAUSED = 4
    FREE = 5
    CANCELED = 6


class Loss(IntEnum):
    """Why a customer stops paying; the names are the churn types of the published tables."""

    VOLUNTARY = 0
    INVOLUNTARY = 1
    PAUSED = 2
    UNKNOWN = 3


class Timer(IntEnum):
    """What a contract waits for."""

    TRIAL_END = 0
    RECOVER = 1
    GRACE_CANCEL = 2
    GRACE_OVER = 3
    LATE_CANCEL = 4
    PAUSE_END = 5


@dataclass(slots=True)
class Terms:
    """Money in cents of the contract's currency per interval; days by number, NEVER where none is set."""

    customer: Ints
    currency: Ints
    status: Ints
    serial: Ints
    plan: Ints
    is_yearly: Flags
    amount: Ints
    quantity: Ints
    percent: Ints
    money_off: Ints
    offer_until: Ints
    term_end: Ints
    timer: Ints
    timer_day: Ints
    is_in_grace: Flags
    addon: Ints
    has_addon: Flags
    mrr: Ints
    has_paid: Flags
    loss: Ints

    @property
    def count(self) -> int:
        return len(self.customer)

    def mrr_of(self, who: Ints) -> Ints:
        """Monthly recurring revenue in cents, each subscription rounded half-even on its own."""
        counts = (self.status[who] == Status.ACTIVE) | ((self.status[who] == Status.PAST_DUE) & self.is_in_grace[who])
        line = self.amount[who] * self.quantity[who] * (100 - self.percent[who]) - self.money_off[who] * 100
        main = half_even(np.maximum(line, 0), np.where(self.is_yearly[who], 1200, 100))
        addon = np.array(planted.ADDON_PRICES)[self.currency[who]] * self.has_addon[who]
        return np.asarray(np.where(counts, main, 0) + addon, dtype=np.int64)

    def is_on_offer(self, who: Ints) -> Flags:
        return np.asarray((self.percent[who] > 0) | (self.money_off[who] > 0))


def blank_terms(customer: Ints, currency: Ints) -> Terms:
    """Contracts nobody has signed yet."""
    arrays: dict[str, Any] = {field.name: np.zeros(len(customer), dtype=np.int64) for field in fields(Terms)}
    for name in ("is_yearly", "is_in_grace", "has_addon", "has_paid"):
        arrays[name] = np.zeros(len(customer), dtype=np.bool_)
    for name in ("offer_until", "term_end", "timer_day"):
        arrays[name] = np.full(len(customer), NEVER, dtype=np.int64)
    arrays |= {"customer": customer, "currency": currency}
    return Terms(**arrays)


def list_price(plan: Ints, currency: Ints, is_yearly: Flags) -> Ints:
    """Cents per interval and seat; nothing for the free plan."""
    paid = np.array(planted.MONTHLY_PRICES)[np.minimum(plan, FREE_PLAN - 1), currency]
    price = paid * np.where(is_yearly, planted.YEARLY_PRICE_MONTHS, 1)
    return np.asarray(np.where(plan < FREE_PLAN, price, 0), dtype=np.int64)


def half_even(top: Ints, bottom: NDArray[np.int64]) -> Ints:
    """top / bottom, rounded half to even, in integers."""
    whole, rest = np.divmod(top, bottom)
    up = (2 * rest > bottom) | ((2 * rest == bottom) & (whole % 2 == 1))
    return np.asarray(whole + up, dtype=np.int64)
