"""What can be done to contracts: each action changes the terms of some and writes the rows that say so.

Here belong the actions themselves. Who is chosen for one, and on which day, belongs to `contracts`.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from pipelines.demo import planted
from pipelines.demo.change_log import (
    ADDON_REMOVED,
    NOTHING,
    PAYMENT_FAILED,
    PLAN_SWITCHED,
    ChangeLog,
    When,
)
from pipelines.demo.population import Ints, choose
from pipelines.demo.seasons import Calendar
from pipelines.demo.terms import FREE_PLAN, NEVER, Loss, Status, Terms, Timer, list_price


class Actions:
    """The actions on the terms; `next_year[day]` is the same date a year later, as a day number."""

    def __init__(self, terms: Terms, calendar: Calendar, chance: np.random.Generator) -> None:
        self.terms = terms
        self.chance = chance
        self.log = ChangeLog(terms, chance)
        self.next_year = _next_year(calendar)

    def subscribe(self, who: Ints, day: int, trial_share: float = 0.0) -> None:
        """A new subscription: plan, interval, seats and offer; some begin with a trial."""
        terms = self.terms
        plan = choose(self.chance, planted.PLAN_SHARES, len(who))
        terms.serial[who] += 1
        terms.plan[who] = plan
        terms.is_yearly[who] = self.chance.random(len(who)) < np.array(planted.YEARLY_SHARES)[plan]
        terms.quantity[who] = self.chance.integers(1, np.array(planted.MOST_SEATS_AT_START)[plan] + 1)
        is_offered = self.chance.random(len(who)) < planted.PERCENT_OFF_SHARE
        self.offer(who, np.where(is_offered, planted.PERCENT_OFF, 0), 0, day + planted.PERCENT_OFF_DAYS)
        self.price(who)
        self.start_term(who, day)
        tries = self.chance.random(len(who)) < trial_share
        terms.status[who] = np.where(tries, Status.TRIALING, Status.ACTIVE)
        terms.term_end[who[tries]] = NEVER
        self.wait(who[tries], Timer.TRIAL_END, day + planted.TRIAL_DAYS)
        self.log.add(who, day, when=When.AFTERNOON)

    def recover(self, who: Ints, day: int) -> None:
        """Paid: active from today; a term that ended meanwhile is renewed."""
        terms = self.terms
        terms.status[who] = Status.ACTIVE
        self.start_term(who[terms.term_end[who] == NEVER], day)
        self.renew(who[terms.term_end[who] <= day])
        self.log.add(who, day)

    def renew(self, who: Ints) -> None:
        self.terms.term_end[who] = self.next_year[self.terms.term_end[who]]

    def fail(self, who: Ints, day: int) -> None:
        """A payment fails: past due, and what becomes of it is drawn now."""
        self.terms.status[who] = Status.PAST_DUE
        self.terms.is_in_grace[who] = True
        self.log.add(who, day)
        draw = self.chance.random(len(who))
        recovers = draw < planted.FAILURE_RECOVERS
        cancels = ~recovers & (draw < planted.FAILURE_RECOVERS + planted.FAILURE_CANCELS)
        self.wait(who[recovers], Timer.RECOVER, day + self._days(planted.RECOVERY_DAYS, int(recovers.sum())))
        self.wait(who[cancels], Timer.GRACE_CANCEL, day + self._days(planted.GRACE_CANCEL_DAYS, int(cancels.sum())))
        self.wait(who[~recovers & ~cancels], Timer.GRACE_OVER, day + planted.GRACE_DAYS)

    def outlast_grace(self, who: Ints, day: int) -> None:
        """Still past due on the day after the grace: lost, and no row says so."""
        self.terms.is_in_grace[who] = False
        self.terms.loss[who] = Loss.INVOLUNTARY
        self.end_addon(who, day, Loss.INVOLUNTARY, PAYMENT_FAILED)
        self.settle_late(who, day)

    def fail_trial(self, who: Ints, day: int) -> None:
        """The first payment fails: past due without ever having paid."""
        self.terms.status[who] = Status.PAST_DUE
        self.terms.is_in_grace[who] = False
        self.log.add(who, day)
        self.settle_late(who, day)

    def settle_late(self, who: Ints, day: int) -> None:
        """Some pay after all, the others are canceled."""
        pays = self.chance.random(len(who)) < planted.LATE_RECOVERY_SHARE
        self.wait(who[pays], Timer.RECOVER, day + planted.LATE_RECOVERY_DAYS)
        self.wait(who[~pays], Timer.LATE_CANCEL, day + planted.LATE_CANCEL_DAYS)

    def cancel(self, who: Ints, day: int, counts_as: Loss, reason: Ints | int, says: int = NOTHING) -> None:
        """Canceled from today; `says` is the type the row names, `counts_as` what the loss is."""
        self.terms.status[who] = Status.CANCELED
        self.terms.loss[who] = counts_as
        self.log.add(who, day, loss=says, reason=reason)
        self.end_addon(who, day, says, NOTHING)
        self.terms.term_end[who] = NEVER

    def leave(self, who: Ints, day: int) -> None:
        """A voluntary cancel with a reason of its plan; a few rows name neither type nor reason."""
        edges = np.cumsum(np.array(planted.REASON_SHARES), axis=1)[self.terms.plan[who]]
        reason = (self.chance.random(len(who))[:, None] >= edges[:, :-1]).sum(axis=1)
        says_nothing = self.chance.random(len(who)) < planted.UNSTATED_CANCEL
        says = ~says_nothing
        self.cancel(who[says], day, Loss.VOLUNTARY, reason[says], says=Loss.VOLUNTARY)
        self.cancel(who[says_nothing], day, Loss.UNKNOWN, NOTHING)

    def pause(self, who: Ints, day: int) -> None:
        self.terms.status[who] = Status.PAUSED
        self.terms.loss[who] = Loss.PAUSED
        self.log.add(who, day)
        self.end_addon(who, day, Loss.PAUSED, NOTHING)
        self.wait(who, Timer.PAUSE_END, day + self._days(planted.PAUSE_DAYS, len(who)))

    def move_to_free(self, who: Ints, day: int) -> None:
        terms = self.terms
        terms.status[who] = Status.FREE
        terms.loss[who] = Loss.VOLUNTARY
        terms.plan[who] = FREE_PLAN
        self.offer(who, 0, 0, NEVER)
        self.price(who)
        self.log.add(who, day)
        self.end_addon(who, day, Loss.VOLUNTARY, ADDON_REMOVED)

    def return_from_free(self, who: Ints, day: int) -> None:
        """The free subscription is canceled in the morning; a paid one follows."""
        self.terms.status[who] = Status.CANCELED
        self.log.add(who, day, when=When.MORNING)

    def move_to_plan(self, who: Ints, plan: Ints, day: int) -> None:
        self.terms.plan[who] = plan
        self.price(who)
        self.log.add(who, day)

    def change_seats(self, who: Ints, seats: Ints, day: int) -> None:
        self.terms.quantity[who] = np.maximum(seats, 1)
        self.log.add(who, day)

    def replace(self, who: Ints, plan: Ints, day: int) -> None:
        """Canceled in the morning, a new subscription on this plan in the afternoon: one net movement, or none."""
        terms = self.terms
        terms.status[who] = Status.CANCELED
        self.log.add(who, day, loss=Loss.VOLUNTARY, reason=PLAN_SWITCHED, when=When.MORNING)
        terms.status[who] = Status.ACTIVE
        terms.serial[who] += 1
        terms.plan[who] = plan
        self.price(who)
        self.start_term(who, day)
        self.log.add(who, day, when=When.AFTERNOON)

    def start_addon(self, who: Ints, day: int) -> None:
        self.terms.has_addon[who] = True
        self.terms.addon[who] += 1
        self.log.add_addon(who, day)

    def end_addon(self, who: Ints, day: int, says: int, reason: int) -> None:
        having = who[self.terms.has_addon[who]]
        self.terms.has_addon[having] = False
        self.log.add_addon(having, day, loss=says, reason=reason)

    def offer(self, who: Ints, percent: Ints | int, money_off: int, until: int) -> None:
        """A discount until that day; none where both are 0."""
        terms = self.terms
        terms.percent[who] = percent
        terms.money_off[who] = money_off
        terms.offer_until[who] = np.where(terms.is_on_offer(who), until, NEVER)

    def price(self, who: Ints) -> None:
        terms = self.terms
        terms.is_yearly[who] &= terms.plan[who] < FREE_PLAN
        terms.amount[who] = list_price(terms.plan[who], terms.currency[who], terms.is_yearly[who])

    def start_term(self, who: Ints, day: int) -> None:
        self.terms.term_end[who] = np.where(self.terms.is_yearly[who], self.next_year[day], NEVER)

    def wait(self, who: Ints, timer: Timer, until: Ints | int) -> None:
        self.terms.timer[who] = timer
        self.terms.timer_day[who] = until

    def _days(self, bounds: tuple[int, int], count: int) -> Ints:
        return self.chance.integers(bounds[0], bounds[1] + 1, count)


def _next_year(calendar: Calendar) -> Ints:
    def year_later(day: date) -> date:
        is_leap_day = (day.month, day.day) == (2, 29)
        return day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)

    dates = [calendar.date_of(day) for day in range(calendar.days + planted.EARLY_RENEWAL_DAYS + 1)]
    return np.array([(year_later(day) - calendar.first).days for day in dates], dtype=np.int64)
