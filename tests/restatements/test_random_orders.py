"""Twenty random deliveries to a small shop: every cause has exactly the effect that plain addition gives it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.restatements.shop import Shop

FIRST_DAY = date(2026, 9, 1)
DELIVERIES = 20
GROSS = '[sources.orders.columns]\namount = "amount * 2"\n'
Orders = dict[str, tuple[date, int]]
Sums = Mapping[str, Decimal]


@dataclass
class Book:
    """What the shop has sold by now; amounts are counted `factor` times."""

    orders: Orders
    factor: int = 1

    def sums(self, last_day: date) -> Sums:
        """Revenue by month, up to the day."""
        found: dict[str, Decimal] = {}
        for day, amount in self.orders.values():
            if day <= last_day:
                found[f"{day:%Y-%m}"] = found.get(f"{day:%Y-%m}", Decimal(0)) + amount * self.factor
        return found


def test_every_cause_has_the_effect_that_addition_gives_it(shop: Shop) -> None:
    """Amounts are counted twice or once, orders are corrected and moved, orders come late: at random, and together."""
    dice, book, head = random.Random(11), Book({}), None
    for number in range(DELIVERIES):
        last_day = date.fromisoformat(head.watermark) if head else None
        factor = dice.choice((book.factor, book.factor, book.factor, 3 - book.factor))
        changed, new = corrected(book.orders, dice), drawn(number, dice)
        shop.configure(more=GROSS if factor == 2 else "")
        after = {**book.orders, **changed, **new}
        shop.deliver(f"{number:02}", *lines({**changed, **new}))
        head = shop.run()
        if last_day is not None:
            chain = [
                book.sums(last_day),
                Book(book.orders, factor).sums(last_day),
                Book({**book.orders, **changed}, factor).sums(last_day),
                Book(after, factor).sums(last_day),
            ]
            assert told(shop, head.number) == expected(chain)
        book = Book(after, factor)
    assert {cause for _, _, cause, *_ in shop.told("revenue")} == {"definition", "changed_rows", "late_rows"}


def expected(chain: list[Sums]) -> list[tuple[str, str, Decimal, Decimal]]:
    """Every month and cause whose sum is another after it."""
    months = sorted({month for sums in chain for month in sums})
    causes = ("definition", "changed_rows", "late_rows")
    steps = [
        (month, cause, before.get(month, Decimal(0)), after.get(month, Decimal(0)))
        for month in months
        for cause, before, after in zip(causes, chain, chain[1:], strict=False)
    ]
    return [step for step in steps if step[2] != step[3]]


def told(shop: Shop, release: int) -> list[tuple[str, str, Decimal, Decimal]]:
    """What the history says of revenue: cells may change, and days come, that leave a month's sum as it was."""
    return [
        (month, cause, before, after)
        for number, month, cause, _, before, after in shop.told("revenue")
        if number == release and before != after
    ]


def corrected(orders: Orders, dice: random.Random) -> Orders:
    """Other amounts, and sometimes other days, of some orders; often of none."""
    count = min(len(orders), dice.choice((0, 0, 1, 3)))
    return {
        name: (orders[name][0] + timedelta(days=dice.choice((0, 0, -9, 9))), dice.randrange(1, 100))
        for name in dice.sample(sorted(orders), count)
    }


def drawn(number: int, dice: random.Random) -> Orders:
    """New orders: of the newest days, and sometimes of days before."""
    newest = FIRST_DAY + timedelta(days=4 * number)
    days = [newest, *(newest - timedelta(days=dice.randrange(5, 50)) for _ in range(dice.choice((0, 0, 1, 2))))]
    return {f"o{number}-{at}": (max(day, FIRST_DAY), dice.randrange(1, 100)) for at, day in enumerate(days)}


def lines(orders: Orders) -> list[str]:
    return [f"{name} c{len(name)} {day} {amount}" for name, (day, amount) in sorted(orders.items())]
