"""The life of the contracts, day by day: trials, plans, offers, failed payments, pauses, leaving and coming back.

Here belongs who is chosen for what on a day. What an action changes belongs to `actions`, how likely it is to
`chances`, the counting to `books`. A day is a few operations on whole arrays; one thing a day
happens to a contract at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.actions import Actions
from pipelines.demo.books import Books
from pipelines.demo.chances import Chances, Floats, Happening, loss_after_failure
from pipelines.demo.change_log import ADDON_REMOVED, NOTHING, TRIAL_ENDED, When
from pipelines.demo.population import Flags, Ints, Population
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.terms import FREE_PLAN, NEVER, Loss, Status, Terms, Timer, blank_terms


@dataclass(frozen=True, slots=True)
class Contracts:
    """What the contracts did: the terms at the end, the change rows and the books."""

    terms: Terms
    changes: pl.DataFrame
    books: Books


def live(population: Population, calendar: Calendar, customer_id: pl.Series, seed: int) -> Contracts:
    """Every contract from its customer's first day to the last day of the calendar."""
    life = Life(population, calendar, seed)
    for day in range(calendar.days):
        life.live_through(day)
    return Contracts(life.terms, life.actions.log.frame(calendar, customer_id), life.books)


class Life:
    """All contracts, and what the days bring them."""

    def __init__(self, population: Population, calendar: Calendar, seed: int) -> None:
        customer = np.flatnonzero(population.has_contract)
        channel, country = population.channel[customer], population.country[customer]
        cancel_factor = np.array(planted.CHANNEL_CANCEL_FACTORS)[channel]
        cancel_factor *= np.array(planted.COUNTRY_CANCEL_FACTORS)[country]
        self.chance = stream(seed, "contracts")
        self.last_day = calendar.days - 1
        self.terms = blank_terms(customer, population.currency[customer])
        self.first_day = population.first_day[customer]
        self.converts = np.array(planted.CHANNEL_TRIAL_CONVERSION)[channel]
        self.chances = Chances(self.terms, cancel_factor)
        self.books = Books(self.terms, calendar)
        self.actions = Actions(self.terms, calendar, self.chance)
        self.touched = np.zeros(self.terms.count, dtype=np.bool_)

    def live_through(self, day: int) -> None:
        """One day: what is due first, then renewals, ended offers, and what chance brings to the rest."""
        terms = self.terms
        self.touched[:] = False
        plan_before = terms.plan.copy()
        draw = self.chance.random(terms.count)
        self.actions.subscribe(self._take(self.first_day == day), day, planted.TRIAL_SHARE)
        self.meet_due(self._take(terms.timer_day == day), day)
        self.reach_anniversary(day)
        self.end_offers(self._take((terms.offer_until <= day) & (terms.status == Status.ACTIVE)), day)
        self.meet_chance(np.flatnonzero((terms.status == Status.ACTIVE) & ~self.touched), draw, day)
        self.come_back(draw < planted.REACTIVATION / planted.MONTH_DAYS, day)
        changed = np.flatnonzero(self.touched)
        self.books.close_day(day, changed, plan_before[changed])
        self.chances.refresh(changed)

    def meet_due(self, who: Ints, day: int) -> None:
        """What the contracts waited for has come."""
        actions, timer = self.actions, self.terms.timer[who]
        self.terms.timer_day[who] = NEVER
        self.end_trial(who[timer == Timer.TRIAL_END], day)
        actions.recover(who[timer == Timer.RECOVER], day)
        actions.cancel(who[timer == Timer.GRACE_CANCEL], day, Loss.INVOLUNTARY, NOTHING)
        actions.outlast_grace(who[timer == Timer.GRACE_OVER], day)
        actions.cancel(who[timer == Timer.LATE_CANCEL], day, Loss.INVOLUNTARY, NOTHING, says=Loss.INVOLUNTARY)
        self.end_pause(who[timer == Timer.PAUSE_END], day)

    def end_trial(self, who: Ints, day: int) -> None:
        draw = self.chance.random(len(who))
        converts = draw < self.converts[who]
        fails = ~converts & (draw > 1 - planted.TRIAL_PAST_DUE)
        self.actions.recover(who[converts], day)
        self.actions.fail_trial(who[fails], day)
        ends = who[~converts & ~fails]
        self.actions.cancel(ends, day, Loss.VOLUNTARY, TRIAL_ENDED, says=Loss.VOLUNTARY)

    def end_pause(self, who: Ints, day: int) -> None:
        resumes = self.chance.random(len(who)) < planted.PAUSE_RESUMES
        self.actions.recover(who[resumes], day)
        self.actions.leave(who[~resumes], day)

    def reach_anniversary(self, day: int) -> None:
        """Yearly terms: a few renew early; of those that end today some leave, some fail to pay, the rest renew."""
        terms, is_active = self.terms, self.terms.status == Status.ACTIVE
        draw = self.chance.random(terms.count)
        soon = (terms.term_end == day + planted.EARLY_RENEWAL_DAYS) & is_active
        early = self._take(soon & (draw < planted.YEARLY_EARLY_RENEWAL))
        who = self._take((terms.term_end == day) & is_active)
        leaves, fails = self.chances.renewal_cancel(who), np.full(len(who), planted.YEARLY_RENEWAL_FAILURE)
        self._expect_leaving(who, leaves)
        self.books.expect(Loss.INVOLUNTARY, who, fails * loss_after_failure(self.last_day - day))
        is_leaving, is_failing = draw[who] < leaves, (draw[who] >= leaves) & (draw[who] < leaves + fails)
        self.actions.leave(who[is_leaving], day)
        self.actions.fail(who[is_failing], day)
        for renewing in (early, who[~is_leaving & ~is_failing]):
            self.actions.renew(renewing)
            self.actions.log.add(renewing, day, when=When.DATE)

    def end_offers(self, who: Ints, day: int) -> None:
        self.actions.offer(who, 0, 0, NEVER)
        self.actions.log.add(who, day)

    def meet_chance(self, at_risk: Ints, draw: Floats, day: int) -> None:
        """Active contracts with nothing else today run the day's chances."""
        daily = self.chances.daily[at_risk]
        self._expect_leaving(at_risk, daily[:, Happening.CANCEL], daily[:, Happening.TO_FREE])
        self.books.expect(Loss.PAUSED, at_risk, daily[:, Happening.PAUSE])
        lost = loss_after_failure(self.last_day - day)
        self.books.expect(Loss.INVOLUNTARY, at_risk, daily[:, Happening.FAIL] * lost)
        hit, happening = self.chances.happening(at_risk, draw[at_risk])
        chosen = at_risk[hit]
        self.touched[chosen] = True
        for kind in Happening:
            who = chosen[happening == kind]
            if len(who):
                self._happen(kind, who, day)

    def come_back(self, draws: Flags, day: int) -> None:
        """Customers who had canceled or moved to the free plan take a new subscription."""
        status = self.terms.status
        who = self._take(draws & ((status == Status.CANCELED) | (status == Status.FREE)))
        self.actions.return_from_free(who[status[who] == Status.FREE], day)
        self.actions.subscribe(who, day)

    def _happen(self, kind: Happening, who: Ints, day: int) -> None:
        actions, plan, seats = self.actions, self.terms.plan[who], self.terms.quantity[who]
        match kind:
            case Happening.CANCEL:
                actions.leave(who, day)
            case Happening.FAIL:
                actions.fail(who, day)
            case Happening.PAUSE:
                actions.pause(who, day)
            case Happening.TO_FREE:
                actions.move_to_free(who, day)
            case Happening.UPGRADE:
                actions.move_to_plan(who, plan + 1, day)
            case Happening.DOWNGRADE:
                actions.move_to_plan(who, plan - 1, day)
            case Happening.SEATS_UP:
                actions.change_seats(who, seats + self.chance.integers(1, np.maximum(seats // 2, 1) + 1), day)
            case Happening.SEATS_DOWN:
                actions.change_seats(who, seats - self.chance.integers(1, np.maximum(seats // 3, 1) + 1), day)
            case Happening.SWITCH:
                actions.replace(who, (plan + self.chance.integers(1, FREE_PLAN, len(who))) % FREE_PLAN, day)
            case Happening.RETURN:
                actions.replace(who, plan, day)
            case Happening.ADDON_START:
                actions.start_addon(who, day)
            case Happening.ADDON_STOP:
                actions.end_addon(who, day, Loss.VOLUNTARY, ADDON_REMOVED)
            case Happening.MONEY_OFF:
                actions.offer(who, 0, planted.MONEY_OFF_CENTS, day + planted.MONEY_OFF_DAYS)
                actions.log.add(who, day)

    def _expect_leaving(self, who: Ints, cancel: Floats, free: Floats | float = 0.0) -> None:
        self.books.expect(Loss.VOLUNTARY, who, cancel * (1 - planted.UNSTATED_CANCEL) + free)
        self.books.expect(Loss.UNKNOWN, who, cancel * planted.UNSTATED_CANCEL)

    def _take(self, chosen: Flags) -> Ints:
        """The chosen contracts nothing has happened to today; something does now."""
        who = np.flatnonzero(chosen & ~self.touched)
        self.touched[who] = True
        return who
