"""The books the made-up business keeps of itself while it lives: exact movements, and what chance alone would expect.

Here belong counting and summing of what `contracts` did. The form in `truth.json` belongs to `truth`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.demo.chances import Floats
from pipelines.demo.population import Ints
from pipelines.demo.seasons import Calendar
from pipelines.demo.terms import FREE_PLAN, Loss, Terms

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
SET_WINDOW = 30


class Books:
    """`expected` and `variance` are sums of the chances of a loss by type and contract, and by type and plan."""

    def __init__(self, terms: Terms, calendar: Calendar) -> None:
        self.terms = terms
        self.standing = np.zeros((calendar.days, terms.count), dtype=np.uint8)
        self.expected = np.zeros((len(Loss), terms.count))
        self.variance = np.zeros((len(Loss), terms.count))
        self.expected_by_plan = np.zeros((len(Loss), FREE_PLAN))
        self.variance_by_plan = np.zeros((len(Loss), FREE_PLAN))
        self.at_risk_days = np.zeros(terms.count, dtype=np.int64)
        self.snapshots = {day: np.zeros(0, dtype=np.int64) for day in _snapshot_days(calendar)}
        self._movements: list[Ints] = []

    def expect(self, loss: Loss, who: Ints, chance: Floats) -> None:
        """Each of `who` runs this chance of a loss of that type."""
        spread, plan = chance * (1 - chance), self.terms.plan[who]
        self.expected[loss, who] += chance
        self.variance[loss, who] += spread
        self.expected_by_plan[loss] += np.bincount(plan, weights=chance, minlength=FREE_PLAN)
        self.variance_by_plan[loss] += np.bincount(plan, weights=spread, minlength=FREE_PLAN)

    def close_day(self, day: int, touched: Ints, plan_before: Ints) -> None:
        """Book the net change of each touched contract over the day, by end-of-day states."""
        terms = self.terms
        self.at_risk_days += terms.mrr > 0
        before, after = terms.mrr[touched], terms.mrr_of(touched)
        moved = before != after
        who, before, after = touched[moved], before[moved], after[moved]
        kind = np.select(
            [(before == 0) & ~terms.has_paid[who], before == 0, after == 0, after > before], [0, 1, 4, 2], default=3
        )
        loss = np.where(after == 0, terms.loss[who], -1)
        day_column = np.full(len(who), day, dtype=np.int64)
        self._movements.append(np.stack([day_column, who, kind, before, after, plan_before[moved], loss], axis=1))
        terms.mrr[who] = after
        terms.has_paid[who] |= after > 0
        self.standing[day] = terms.status
        if day in self.snapshots:
            self.snapshots[day] = terms.mrr.copy()

    def movements(self) -> pl.DataFrame:
        """day, contract, movement (position in MOVEMENTS), before, after, plan (position), loss (-1 where none)."""
        names = ["day", "contract", "movement", "before", "after", "plan", "loss"]
        return pl.DataFrame(np.concatenate(self._movements), schema=dict.fromkeys(names, pl.Int64))

    def mrr_at(self, day: int) -> Ints:
        """MRR in cents per contract at the end of a day kept as a snapshot; nobody pays before day 0."""
        return self.snapshots[day] if day >= 0 else np.zeros(self.terms.count, dtype=np.int64)


def _snapshot_days(calendar: Calendar) -> list[int]:
    last = calendar.days - 1
    ends = [*calendar.month_ends(), last]
    days = {day - back for day in ends for back in (0, SET_WINDOW)} | {last - 90, last - 365}
    return sorted(day for day in days if day >= 0)
