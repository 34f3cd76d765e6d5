"""Draws payments: failures, retries and recoveries; some are of customers whom nobody else names."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.worlds_draw import Draw, Row, Source


def payments(draw: Draw) -> Source:
    rows: list[Row] = []
    for customer in [*draw.customers, "stranger"]:
        for _ in range(draw.dice.choice((0, 1, 3, 8))):
            rows += attempts(draw, customer, len(rows))
    rows = rows or attempts(draw, "stranger", 0)
    rows += [{**row, "status": draw.dice.choice(("failed", "succeeded"))} for row in rows if draw.chance(0.1)]
    absent = {name for name in ("subscription_id", "invoice_id", "attempt", "updated_at") if draw.chance(0.3)}
    columns = tuple(name for name in rows[0] if name not in absent)
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(f"inbox/payments/{draw.dice.choice('ab')}.csv", []).append(
            {name: row[name] for name in columns}
        )
    files = {path: tuple(content) for path, content in sorted(parts.items())}
    return Source(columns, files, {"time_zone": draw.source_zone})


def attempts(draw: Draw, customer: str, number: int) -> list[Row]:
    """The attempts of one payment; they may go on after the watermark, or fail to the last."""
    currency, day = draw.dice.choice(draw.currencies), draw.day()
    amount = draw.dice.choice(("10", "10", "25.50", draw.amount(currency)))
    invoice = f"i{number}" if draw.chance(0.5) else None
    subscription = draw.dice.choice((None, "s01", "s02"))
    rows: list[Row] = []
    for attempt in range(1, 5):
        rows.append(
            {
                "payment_id": f"p{number + attempt:03}",
                "customer_id": customer,
                "subscription_id": subscription,
                "invoice_id": invoice,
                "attempted_at": draw.stamp(day),
                "amount": amount if draw.chance(0.9) else draw.amount(currency),
                "currency": currency,
                "status": "succeeded" if draw.chance(0.5) else "failed",
                "attempt": str(attempt) if draw.chance(0.5) else None,
                "updated_at": draw.updated_at(),
            }
        )
        if rows[-1]["status"] == "succeeded" and draw.chance(0.9):
            break
        day += timedelta(days=draw.dice.choice((0, 1, 3, 5, 14, 29, 30, 31)))
    return rows
