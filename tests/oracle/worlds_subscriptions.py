"""Draws the subscriptions of a world, in both shapes. What every source shares is in `worlds`."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from tests.oracle.worlds_draw import Draw, Row, Source, deliver, origin

OPTIONAL = (
    "change_id",
    "interval_count",
    "quantity",
    "discount",
    "discount_percent",
    "churn_type",
    "churn_reason",
    "channel",
    "country",
    "updated_at",
)
STATUSES = (
    "active",
    "active",
    "active",
    "active",
    "trialing",
    "past_due",
    "past_due",
    "paused",
    "canceled",
    "canceled",
)


def subscriptions(draw: Draw) -> Source:
    return changes(draw) if draw.chance(0.75) else periods(draw)


def terms(draw: Draw, currency: str) -> Row:
    """What is paid for: a plan, its price and its interval."""
    pick = draw.dice.choice
    discount = draw.amount(currency) if draw.chance(0.15) else pick((None, "0"))
    return {
        "plan": pick(("basic", "pro", "Team", "équipe", None)) if draw.chance(0.6) else pick(("basic", "pro")),
        "amount": "0" if draw.chance(0.08) else draw.amount(currency),
        "interval": pick(("month", "month", "month", "year", "quarter", "week", "day")),
        "interval_count": pick((None, "1", "1", "2", "3")),
        "quantity": pick((None, None, "1", "1", "1", "2", "7", "1.5", "0")),
        "discount": discount,
        "discount_percent": pick((None, None, "0", "10", "33.3", "100")),
        "currency": currency,
    }


def ending(draw: Draw, status: str) -> Row:
    """Type and reason, which only the rows that end something state."""
    kind = draw.dice.choice((None, "voluntary", "involuntary", "unknown")) if status == "canceled" else None
    reason = draw.dice.choice((None, "price", "competitor")) if status in ("canceled", "paused") else None
    return {"churn_type": kind, "churn_reason": reason}


def change(draw: Draw, subscription: str, customer: str, day: date, status: str, what: Row) -> Row:
    return {
        "change_id": None,
        "subscription_id": subscription,
        "customer_id": customer,
        "effective_at": draw.stamp(day),
        "status": status,
        **what,
        **ending(draw, status),
        **origin(draw),
        "updated_at": draw.updated_at(),
    }


def changes(draw: Draw) -> Source:
    rows: list[Row] = []
    for number in range(draw.dice.randrange(1, 2 * len(draw.customers) + 1)):
        rows += history(draw, f"s{number + 1:02}", draw.dice.choice(draw.customers))
    if draw.chance(0.4):
        rows += plan_switch(draw, draw.dice.choice(draw.customers))
    if draw.chance(0.3):
        rows += move(draw)
    for number, row in enumerate(rows):
        row["change_id"] = f"k{number + 1:03}"
    rows += [corrected(draw, row) for row in rows if draw.chance(0.1)]
    rows += [dict(row) for row in rows if draw.chance(0.05)]
    return deliver(draw, "subscriptions", rows, OPTIONAL, shape="changes")


def history(draw: Draw, subscription: str, customer: str) -> list[Row]:
    """A random walk of one subscription, mostly forward in time, with several changes on some days."""
    currency = draw.dice.choice(draw.currencies)
    day = draw.first_day + timedelta(days=draw.dice.randrange(0, draw.days if draw.chance(0.2) else 1 + draw.days // 4))
    what: Row = terms(draw, currency)
    rows: list[Row] = []
    status = draw.dice.choice(("active", "active", "active", "active", "trialing", "trialing", "past_due"))
    for _ in range(draw.dice.choice((1, 2, 3, 4, 6, 8))):
        rows.append(change(draw, subscription, customer, day, status, what))
        day += timedelta(days=draw.dice.choice((0, 1, 2, 5, 10, 30, 31)))
        status = draw.dice.choice(STATUSES)
        if draw.chance(0.5):
            what = terms(draw, currency)
        if draw.chance(0.2) and status in ("active", "past_due"):
            customer = draw.dice.choice(draw.customers)
            currency = draw.dice.choice(draw.currencies)
            what = terms(draw, currency)
    return rows


def plan_switch(draw: Draw, customer: str) -> list[Row]:
    """The old subscription is cancelled on the day on which a new one begins."""
    currency = draw.dice.choice(draw.currencies)
    first, second = draw.day(), draw.day(draw.days // 2)
    old, new = terms(draw, currency), terms(draw, currency)
    return [
        change(draw, "switch-a", customer, min(first, second), "active", old),
        change(draw, "switch-a", customer, second, "canceled", old),
        change(draw, "switch-b", customer, second, "active", new),
    ]


def move(draw: Draw) -> list[Row]:
    """A paying subscription goes over to another customer or currency, and back."""
    days = sorted(draw.day() for _ in range(3))
    pairs = [(draw.dice.choice(draw.customers), draw.dice.choice(draw.currencies)) for _ in range(2)]
    route = zip(days, (pairs[0], pairs[1], pairs[0]), strict=True)
    return [change(draw, "mover", who, day, "active", terms(draw, currency)) for day, (who, currency) in route]


def corrected(draw: Draw, row: Row) -> Row:
    """Another version of a row: other terms, and of a change sometimes another moment or status."""
    changed = {**row, **terms(draw, str(row["currency"])), "updated_at": draw.updated_at()}
    if "effective_at" in row and draw.chance(0.4):
        status = draw.dice.choice(STATUSES)
        changed |= {"effective_at": draw.stamp(draw.day()), "status": status, **ending(draw, status)}
    return changed


def periods(draw: Draw) -> Source:
    rows: list[Row] = []
    for number in range(draw.dice.randrange(1, 2 * len(draw.customers) + 1)):
        customer, currency, day = draw.dice.choice(draw.customers), draw.dice.choice(draw.currencies), draw.day()
        for _ in range(draw.dice.choice((1, 1, 2, 4))):
            length = draw.dice.choice((0, 2, 10, 30, 31, 60, None))
            end = None if length is None else draw.stamp(day + timedelta(days=length))
            start = draw.stamp(day)
            if end is not None and length == 0:
                start = end = day.isoformat()
            rows.append(
                {
                    "subscription_id": f"p{number + 1}",
                    "customer_id": customer,
                    "started_at": start,
                    "ended_at": end,
                    **terms(draw, currency),
                    **ending(draw, "canceled"),
                    **origin(draw),
                    "updated_at": draw.updated_at(),
                }
            )
            day += timedelta(days=draw.dice.choice((length or 5, length or 5, 5, 12, 40)))
    rows += [corrected(draw, row) for row in rows if draw.chance(0.1)]
    return deliver(draw, "subscriptions", rows, OPTIONAL, shape="periods", ends_inclusive=draw.chance(0.3))


def with_period_ends(source: Source, dice: random.Random) -> Source:
    """The same subscriptions, some of whose rows say when what is paid for ends. From dice of their own."""
    files = {path: tuple({**row, "current_period_end": _period_end(row, dice)} for row in rows)
             for path, rows in source.files.items()}  # fmt: skip
    return replace(source, columns=(*source.columns, "current_period_end"), files=files)


def _period_end(row: Row, dice: random.Random) -> str | None:
    start = row["started_at"] if "started_at" in row else row["effective_at"]
    if dice.random() < 0.6:
        return None
    return (
        date.fromisoformat(str(start)[:10]) + timedelta(days=dice.choice((-3, 0, 1, 7, 14, 30, 31, 60)))
    ).isoformat()
