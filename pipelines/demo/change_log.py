"""The log of subscription changes: one row per change, each the whole state of its subscription from then on.

Here belong recording and the frame of canonical columns. Late and broken rows belong to `dirt`, files to `files`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.population import Ints, money, numbered
from pipelines.demo.seasons import Calendar
from pipelines.demo.terms import ADDON_PLAN, NEVER, PLAN_NAMES, Loss, Status, Terms

NOTHING = -1
REASONS = (*planted.REASONS, "payment_failed", "trial_ended", "plan_switched", "addon_removed")
PAYMENT_FAILED, TRIAL_ENDED, PLAN_SWITCHED, ADDON_REMOVED = range(len(planted.REASONS), len(REASONS))
STATUS_NAMES = ("", "trialing", "active", "past_due", "paused", "active", "canceled")
HALF_DAY = 43_200
Row = dict[str, Ints | int]
STATE = ("serial", "status", "plan", "is_yearly", "amount", "quantity", "percent", "money_off", "term_end")


class When(IntEnum):
    """The time of day of a row: any, before or after noon where two rows of a day have an order, or a bare date."""

    ANY = 0
    MORNING = 1
    AFTERNOON = 2
    DATE = 3


class ChangeLog:
    """Collects changes as they happen."""

    def __init__(self, terms: Terms, chance: np.random.Generator) -> None:
        self.terms = terms
        self.chance = chance
        self._rows: list[Ints] = []

    def add(
        self,
        who: Ints,
        day: int,
        *,
        loss: Ints | int = NOTHING,
        reason: Ints | int = NOTHING,
        when: When = When.ANY,
    ) -> None:
        """The plan subscription of each of `who`, as it stands now."""
        state: Row = {name: getattr(self.terms, name)[who].astype(np.int64) for name in STATE}
        self._append(who, day, state | {"addon": 0, "loss": loss, "reason": reason, "when": when})

    def add_addon(self, who: Ints, day: int, *, loss: int = NOTHING, reason: int = NOTHING) -> None:
        """The add-on subscription of each of `who`, as it stands now."""
        status = np.where(self.terms.has_addon[who], Status.ACTIVE, Status.CANCELED)
        state: Row = {"serial": 0, "status": status, "plan": ADDON_PLAN, "is_yearly": 0, "quantity": 1, "percent": 0}
        state |= {"amount": np.array(planted.ADDON_PRICES)[self.terms.currency[who]], "money_off": 0}
        state |= {"term_end": NEVER, "addon": self.terms.addon[who]}
        self._append(who, day, state | {"loss": loss, "reason": reason, "when": When.ANY})

    def frame(self, calendar: Calendar, customer_id: pl.Series) -> pl.DataFrame:
        """The changes in order of time, in canonical columns; `is_date_only` where `effective_at` has no time."""
        rows = pl.DataFrame(np.concatenate(self._rows), schema=dict.fromkeys(COLUMNS, pl.Int64))
        rows = rows.sort("day", "second", "who", "serial", "addon")
        rows = rows.with_columns(
            numbered("K", rows.height, 7, "change_id"),
            customer_id.gather(self.terms.customer[rows["who"].to_numpy()]).alias("customer_id"),
            pl.Series(self.terms.currency[rows["who"].to_numpy()]).alias("currency"),
        )
        start = pl.lit(calendar.first)
        label = pl.when(pl.col("addon") > 0).then(pl.format("A{}", "addon")).otherwise(pl.format("P{}", "serial"))
        term_end = pl.when(pl.col("term_end") < NEVER).then("term_end")
        return rows.select(
            "change_id",
            pl.format("{}-{}", "customer_id", label).alias("subscription_id"),
            "customer_id",
            (start.cast(pl.Datetime("us")) + pl.duration(days="day", seconds="second")).alias("effective_at"),
            _name("status", STATUS_NAMES).alias("status"),
            _name("plan", PLAN_NAMES).alias("plan"),
            money("amount"),
            _name("is_yearly", ("month", "year")).alias("interval"),
            "quantity",
            money("money_off").alias("discount"),
            pl.col("percent").alias("discount_percent"),
            _name("currency", planted.CURRENCIES).alias("currency"),
            _name("loss", tuple(loss.name.lower() for loss in Loss)).alias("churn_type"),
            _name("reason", REASONS).alias("churn_reason"),
            (start + pl.duration(days=term_end)).alias("current_period_end"),
            (pl.col("when") == When.DATE).alias("is_date_only"),
        )

    def _append(self, who: Ints, day: int, row: Row) -> None:
        if not len(who):
            return
        when = row["when"]
        second = self.chance.integers(0, HALF_DAY if when in (When.MORNING, When.AFTERNOON) else 2 * HALF_DAY, len(who))
        second += HALF_DAY * (when == When.AFTERNOON)
        row |= {"who": who, "day": day, "second": 0 if when == When.DATE else second}
        block = np.empty((len(who), len(COLUMNS)), dtype=np.int64)
        for position, name in enumerate(COLUMNS):
            block[:, position] = row[name]
        self._rows.append(block)


COLUMNS = ("who", "day", "second", "when", "addon", "loss", "reason", *STATE)


def _name(column: str, names: tuple[str, ...]) -> pl.Expr:
    return pl.col(column).replace_strict(list(range(len(names))), list(names), default=None, return_dtype=pl.String)
