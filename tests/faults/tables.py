"""Faults of what is staged and published, and of deliveries that need many orders a day: a shop without a pipeline.

Each stands for a defect of the code or damage on disk; nothing a delivery can cause may look like one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from tests.faults.fault import Should
from tests.quality.shop import FIRST, Delivery, Shop, daily, fails, orders_daily
from warehouse.candidate import Candidate
from warehouse.errors import GateRefused

HISTORY = daily(2000, 30)
LAST, NEXT = HISTORY[-1].day, HISTORY[-1].day + timedelta(days=1)
THIRD = pl.col("date") == FIRST + timedelta(days=2)
Damage = Callable[[Candidate], None]


@dataclass(frozen=True)
class TableFault:
    """`stage` makes a candidate that has the fault; `after` is done to it between audit and publish."""

    name: str
    should: Should
    because: str
    stage: Callable[[Counter], Candidate]
    after: Damage | None = None


class Counter:
    """The shop with a release; what is staged on it is judged and thrown away."""

    def __init__(self, home: Path) -> None:
        self.shop = Shop(home)
        self.shop.publish(HISTORY)
        self.right = orders_daily(pl.concat([self.shop.orders(one) for one in HISTORY]), LAST)

    def found(self, fault: TableFault) -> tuple[Should | str, tuple[str, ...]]:
        """What becomes of it, and the checks that say so."""
        candidate = fault.stage(self)
        if fault.after is not None:
            fault.after(candidate)
            try:
                self.shop.releases.publish(candidate, {"passed": True, "digest": self.shop.stage(HISTORY).digest})
            except GateRefused as error:
                return "refuse", (str(error).splitlines()[0],)
            return "nothing", ()
        failed = self._failed(candidate)
        for does, severity in (("block", "critical"), ("warn", "warning")):
            checks = tuple(sorted({check for one, check in failed if one == severity}))
            if checks:
                return does, checks
        return "nothing", ()

    def _failed(self, candidate: Candidate) -> set[tuple[str, str]]:
        audit = self.shop.audit(candidate)
        assert audit.broken == []
        return {(one.severity, one.check) for one in audit.observations if fails(one)}

    def table(self, *changes: pl.Expr, first_day: date = FIRST) -> Candidate:
        """The right table, changed."""
        return self.shop.stage(HISTORY, table=self.right.with_columns(*changes), first_day=first_day)


def on_the_third(column: str, value: object) -> pl.Expr:
    return pl.when(THIRD).then(value).otherwise(column).alias(column)


def delivered(**changes: int) -> Callable[[Counter], Candidate]:
    return lambda counter: counter.shop.stage([*HISTORY, Delivery(NEXT, 2000, **changes)])


def spoilt(damage: Damage) -> Callable[[Counter], Candidate]:
    def stage(counter: Counter) -> Candidate:
        candidate = counter.shop.stage(HISTORY)
        damage(candidate)
        return candidate

    return stage


def alter(candidate: Candidate) -> None:
    file = _file(candidate)
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-1] + b"?")


def remove(candidate: Candidate) -> None:
    _file(candidate).unlink()


def add(candidate: Candidate) -> None:
    _file(candidate).with_name("more.parquet").write_bytes(_file(candidate).read_bytes())


def nothing(candidate: Candidate) -> None:
    del candidate


def _file(candidate: Candidate) -> Path:
    return candidate.folder / candidate.manifest.published()[0].link


def right(counter: Counter) -> Candidate:
    return counter.shop.stage(HISTORY)


def _with_segments(counter: Counter) -> Candidate:
    part = counter.right.with_columns(
        segment=pl.lit("country"), segment_value=pl.lit("DE"), orders=pl.col("orders") + THIRD.cast(pl.Int64)
    )
    return counter.shop.stage(HISTORY, table=pl.concat([counter.right, part]))


def _not_of_the_lake(counter: Counter) -> Candidate:
    deliveries = [*HISTORY, Delivery(NEXT, 2000)]
    table = orders_daily(pl.concat([counter.shop.orders(one) for one in deliveries]), NEXT)
    last = pl.col("date") == NEXT
    wrong = table.with_columns(
        pl.col("orders") - last.cast(pl.Int64),
        average_order_value=pl.when(last)
        .then(pl.col("revenue").cast(pl.Float64) / (pl.col("orders") - 1))
        .otherwise("average_order_value"),
    )
    return counter.shop.stage(deliveries, table=wrong)


TABLES: tuple[TableFault, ...] = (
    TableFault("a table is empty although its inputs are not", "block", "rows",
               lambda one: one.shop.stage(HISTORY, table=one.right.clear())),
    TableFault("a key comes twice", "block", "unique",
               lambda one: one.shop.stage(HISTORY, table=pl.concat([one.right, one.right.filter(THIRD)]))),
    TableFault("a count below zero", "block", "bounds",
               lambda one: one.table(on_the_third("customers_first_order", -1))),
    TableFault("a rate that is no quotient of its row", "block",
               "identity: average_order_value follows from its row",
               lambda one: one.table(on_the_third("average_order_value", 1.0))),
    TableFault("a rate that is not a number", "block", "finite",
               lambda one: one.table(on_the_third("average_order_value", float("nan")))),
    TableFault("a day is left out", "block", f"identity: every day up to {LAST}",
               lambda one: one.shop.stage(HISTORY, table=one.right.filter(~THIRD))),
    TableFault("the last day is missing", "block", f"identity: every day up to {LAST}",
               lambda one: one.shop.stage(HISTORY, table=one.right.filter(pl.col("date") < LAST))),
    TableFault("a count that is not that of the lake", "block", "orders of a day are those of the lake",
               _not_of_the_lake),
    TableFault("a segment that does not add up to all", "block", "identity: segments sum to all", _with_segments),
    TableFault("more customers with a first order than with an order", "block",
               "identity: customers_first_order <= customers_ordering",
               lambda one: one.table(on_the_third("customers_first_order", 10**6))),
    TableFault("days change that the run did not compute", "block", "untouched days stay",
               lambda one: one.table(on_the_third("customers_first_order", 1), first_day=LAST)),
    TableFault("the first day is gone", "warn", "rows do not get fewer",
               lambda one: one.shop.stage(HISTORY, table=one.right.filter(pl.col("date") > FIRST))),
    TableFault("a row is lost on the way into the lake", "block", "the lake holds the rows taken",
               lambda one: one.shop.stage([*HISTORY, Delivery(NEXT, 2000)], forgotten=1)),
    TableFault("a late file doubles a settled day", "warn", "settled days are not restated much",
               lambda one: one.shop.stage([*HISTORY, Delivery(FIRST, 2000, path="inbox/orders/late.csv")])),
    TableFault("half of a day arrives", "warn", "rows of the day",
               lambda one: one.shop.stage([*HISTORY, Delivery(NEXT, 1000)])),
    TableFault("amounts in cents", "block", "amounts keep their unit", delivered(amount=2000)),
    TableFault("amounts four times as high as ever", "warn", "median amount", delivered(amount=80)),
    TableFault("a quarter more than half of a day without customers", "block", "share in quarantine",
               delivered(without_id=1500)),
    TableFault("a source says nothing for five days", "warn", "days without news",
               lambda one: one.shop.stage(HISTORY, watermark=LAST + timedelta(days=5))),
    TableFault("a staged file is altered", "block", "files have the audited content", spoilt(alter)),
    TableFault("a staged file is missing", "block", "files have the audited content", spoilt(remove)),
    TableFault("a file nobody knows is staged", "block", "files are those of the candidate", spoilt(add)),
    TableFault("a file is altered after the audit", "refuse", "The candidate is no longer", right, alter),
    TableFault("a file is removed after the audit", "refuse", "The candidate is no longer", right, remove),
    TableFault("a file is added after the audit", "refuse", "The candidate is no longer", right, add),
    TableFault("the verdict is about another candidate", "refuse", "The verdict is not about this candidate",
               delivered(), nothing),
)  # fmt: skip
