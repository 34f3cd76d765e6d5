"""A small shop whose rows come day by day, some of them late: the same rows, whatever the days of delivery.

Orders have later versions (refunds, cancellations, another day); customers are corrected now and then.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FIRST_DAY = date(2026, 1, 10)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "orders": ("order_id", "customer_id", "ordered_at", "amount", "status", "updated_at"),
    "customers": ("customer_id", "channel", "updated_at"),
}
CONFIG = """[warehouse]
shards = 2
[activity]
orders_window_days = 20
[days]
{days}
[sources.orders]
path = "inbox/orders/*.csv"
currency = "USD"
[sources.customers]
path = "inbox/customers/*.csv"
"""
CUSTOMERS, ORDERS_A_DAY = 25, 7
DAY_LATE, MONTH_LATE = 0.076, 0.004
CHANNELS = ("ads", "friends", "search")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """A row of a source and the day on which it comes."""

    source: str
    row: Row
    on: date


def configure(folder: Path, days: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "holdfast.toml").write_text(CONFIG.format(days=days))


def write(folder: Path, name: str, rows: Iterable[Delivered]) -> None:
    """One file per source of these rows."""
    of_source: dict[str, list[Row]] = {}
    for one in rows:
        of_source.setdefault(one.source, []).append(one.row)
    for source, found in of_source.items():
        path = folder / "inbox" / source / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{','.join(row)}\n" for row in (COLUMNS[source], *found)))


def rows(days: int, seed: int) -> list[Delivered]:
    """Everything that happens on so many days, with the day each row comes; nothing comes after the last day."""
    dice = random.Random(seed)
    last = FIRST_DAY + timedelta(days=days - 1)
    return [one for day in range(days) for one in _day(FIRST_DAY + timedelta(days=day), last, dice)]


def _day(day: date, last: date, dice: random.Random) -> Iterator[Delivered]:
    for number in range(ORDERS_A_DAY):
        order = order_row(f"{day:%m%d}-{number}", dice.randrange(CUSTOMERS), day, dice.randrange(5, 90))
        yield Delivered("orders", order, min(_comes(day, dice), last))
        if dice.random() < 0.1:
            changed = min(day + timedelta(days=dice.choice((1, 3, 20))), last)
            yield Delivered("orders", _another_version(order, changed, dice), min(_comes(changed, dice), last))
    if dice.random() < 0.3:
        customer = (f"c{dice.randrange(CUSTOMERS)}", dice.choice(CHANNELS), f"{day}T09:00:00Z")
        yield Delivered("customers", customer, min(_comes(day, dice), last))


def order_row(order: str, customer: int, day: date, amount: int, status: str = "paid", at: date | None = None) -> Row:
    return (order, f"c{customer}", f"{day}T12:00:00Z", f"{amount}.50", status, f"{at or day}T12:00:00Z")


def _another_version(order: Row, at: date, dice: random.Random) -> Row:
    name, customer, ordered_at, amount, _, _ = order
    status = dice.choice(("refunded", "cancelled", "paid"))
    if status == "paid":
        moved = date.fromisoformat(ordered_at[:10]) - timedelta(days=dice.choice((1, 2)))
        ordered_at = f"{max(moved, FIRST_DAY)}T12:00:00Z"
    return (name, customer, ordered_at, amount, status, f"{at}T12:00:00Z")


def _comes(day: date, dice: random.Random) -> date:
    """The next day for 7.6 % of the rows, a month or two later for 0.4 %."""
    chance = dice.random()
    if chance < MONTH_LATE:
        return day + timedelta(days=dice.randrange(31, 60))
    return day + timedelta(days=1) if chance < MONTH_LATE + DAY_LATE else day
