"""Draws orders, events, customers and rates. Subscriptions are in `worlds_subscriptions`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tests.oracle.worlds_draw import Draw, Row, Source, deliver, origin


def orders(draw: Draw) -> Source:
    rows: list[Row] = []
    for customer in draw.customers:
        favourite = [draw.day() for _ in range(3)]
        for _ in range(draw.dice.choice((0, 1, 1, 3, 6, 12))):
            day = draw.dice.choice(favourite) if draw.chance(0.3) else draw.day()
            rows.append(order(draw, f"o{len(rows) + 1}", customer, day))
    if not rows:
        rows.append(order(draw, "o1", draw.customers[0], draw.day()))
    rows += [version(draw, row) for row in rows if draw.chance(0.2)]
    if draw.chance(0.2):
        rows.append({**order(draw, "lost", draw.customers[0], draw.day()), "customer_id": None})
    optional = ("refunded_amount", "status", "channel", "country", "updated_at")
    source = deliver(draw, "orders", rows, optional)
    return order_lines(draw, source) if draw.chance(0.2) else source


def order_lines(draw: Draw, source: Source) -> Source:
    """The same as order lines: one version of an order in a file, in several lines, some of them bad or repeated."""
    files: dict[str, tuple[Row, ...]] = {}
    for path, rows in source.files.items():
        lines: list[Row] = []
        for order in {row["order_id"]: row for row in rows}.values():
            first = {**order, "refunded_amount": None} if "refunded_amount" in order else dict(order)
            lines.append(first)
            lines += [{**first, "amount": draw.amount("USD")} for _ in range(draw.dice.choice((0, 0, 1, 2)))]
            lines += [dict(first)] if draw.chance(0.1) else []
            lines += [{**first, "ordered_at": draw.stamp(draw.day())}] if draw.chance(0.2) else []
            lines += [{**first, "customer_id": None}] if draw.chance(0.02) else []
        files[path] = tuple(draw.dice.sample(lines, len(lines)))
    options = {**source.options, "lines": True} | ({"distinct_rows": True} if draw.chance(0.5) else {})
    return replace(source, files=files, options=options)


def order(draw: Draw, order_id: str, customer: str, day: date) -> Row:
    currency = draw.dice.choice(draw.currencies)
    amount = draw.amount(currency)
    roll = draw.dice.random()
    if roll < 0.06:
        amount = "0"
    elif roll < 0.12:
        amount = "-" + amount
    status = draw.dice.choice((None, "paid", "paid", "paid", "paid", "refunded", "pending", "cancelled"))
    refunded = draw.dice.choice((None, None, None, amount, "1")) if not amount.startswith(("-", "0")) else None
    if refunded == "1" and float(amount) < 1:
        refunded = None
    return {
        "order_id": order_id,
        "customer_id": customer,
        "ordered_at": draw.stamp(day),
        "amount": amount,
        "currency": currency,
        "refunded_amount": refunded,
        "status": status,
        **origin(draw),
        "updated_at": draw.updated_at(),
    }


def version(draw: Draw, row: Row) -> Row:
    """The same order as another delivery tells it: a refund, a correction, another day or customer, or a repeat."""
    if draw.chance(0.25):
        return dict(row)
    again = order(draw, str(row["order_id"]), str(row["customer_id"]), draw.day())
    kept = draw.dice.sample(sorted(row), draw.dice.randrange(0, len(row)))
    changed: Row = {**again, **{name: row[name] for name in kept if name != "updated_at"}}
    if draw.chance(0.1):
        changed["customer_id"] = draw.dice.choice(draw.customers)
    changed["refunded_amount"] = None if changed["amount"] != row["amount"] else changed["refunded_amount"]
    return changed


def events(draw: Draw) -> Source:
    rows: list[Row] = []
    for number, user in enumerate(draw.users):
        owner = draw.dice.choice(
            (draw.customers[number], draw.customers[number], draw.dice.choice(draw.customers), None)
        )
        busy = draw.day()
        for _ in range(draw.dice.choice((0, 1, 2, 5, 12, 30))):
            day = busy if draw.chance(0.1) else draw.day()
            rows.append(
                {
                    "event_id": f"e{len(rows) + 1}",
                    "user_id": user,
                    "customer_id": owner if draw.chance(0.9) else None,
                    "occurred_at": draw.stamp(day),
                    "event_name": draw.dice.choice(("open", "pay")),
                    **origin(draw),
                    "received_at": draw.updated_at(),
                }
            )
    if not rows:
        rows.append(
            {
                "event_id": "e1",
                "user_id": "u1",
                "customer_id": None,
                "occurred_at": draw.stamp(draw.day()),
                "event_name": "open",
                **origin(draw),
                "received_at": None,
            }
        )
    for row in [row for row in rows if draw.chance(0.1)]:
        moved = (
            row
            if draw.chance(0.4)
            else {**row, "occurred_at": draw.stamp(draw.day()), "received_at": draw.updated_at()}
        )
        rows.append(dict(moved))
    optional = ("event_id", "customer_id", "channel", "country", "received_at")
    return deliver(draw, "events", rows, optional)


def customers(draw: Draw) -> Source:
    rows: list[Row] = [
        {"customer_id": name, **origin(draw), "updated_at": draw.updated_at()}
        for name in draw.customers + draw.users[:1]
        if draw.chance(0.7)
    ]
    rows += [{**row, **origin(draw), "updated_at": draw.updated_at()} for row in rows if draw.chance(0.2)]
    return deliver(
        draw,
        "customers",
        rows or [{"customer_id": "nobody", **origin(draw), "updated_at": None}],
        optional=("channel", "country", "updated_at"),
    )


def fx_rates(draw: Draw, reporting: str) -> Source:
    """Rates with days missing, so that some are carried forward; every currency has one before the first fact."""
    rows: list[Row] = []
    for currency in draw.currencies:
        known = {draw.first_day - timedelta(days=40)} | {draw.day() for _ in range(draw.dice.randrange(0, 9))}
        rows += [
            {"date": day.isoformat(), "currency": currency, "rate": rate(draw)}
            for day in sorted(known)
            if currency != reporting
        ]
    rows = rows or [{"date": draw.first_day.isoformat(), "currency": "CHF", "rate": "1.1"}]
    return deliver(draw, "fx_rates", rows, optional=())


def rate(draw: Draw) -> str:
    return f"{draw.dice.randrange(1, 40000) / 10000:.4f}" + draw.dice.choice(("", "", "5", "123456"))
