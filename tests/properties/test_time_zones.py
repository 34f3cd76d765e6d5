"""Hours around midnight and around changes of clocks, reported in zones at both ends of the world: as the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.oracle import product
from tests.oracle.worlds import Row, Source, World


@dataclass(frozen=True)
class Case:
    """The zone of the report, that of the sources, and a day of a change of clocks in one of them."""

    report: str
    source: str
    day: date

    def __str__(self) -> str:
        return f"{self.report.rpartition('/')[2]}-{self.source.rpartition('/')[2]}"


# Of the first two, midnight of the report lies between the two readings of an hour that the source has twice or not.
CASES = (
    Case("Pacific/Kiritimati", "America/Anchorage", date(2024, 11, 3)),  # UTC+14; an hour twice at the source
    Case("Pacific/Pago_Pago", "America/Anchorage", date(2024, 3, 10)),  # UTC-11; an hour skipped at the source
    Case("America/New_York", "Asia/Kolkata", date(2024, 11, 3)),  # a report day of 25 hours
    Case("Europe/London", "Europe/London", date(2024, 3, 31)),  # a report day of 23 hours, skipped at the source too
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_half_hour_falls_on_the_day_of_the_report(case: Case, tmp_path: Path) -> None:
    """Orders, subscriptions and events at every half hour of three days, with and without offset, around a change of
    clocks, in a source of another zone than the report: every table equals the oracle's. Rules: M1.1 M1.2."""
    assert product.problems(world(case), tmp_path) == []


def world(case: Case) -> World:
    midnight = datetime.combine(case.day, datetime.min.time()) - timedelta(days=1)
    moments = [midnight + timedelta(minutes=30 * number) for number in range(3 * 48)]
    texts = [
        f"{moment:%Y-%m-%d %H:%M:%S}{offset}"
        for number, moment in enumerate(moments)
        for offset in ("", ("+09:00", "-05:00")[number % 2])
    ]
    orders: list[Row] = [
        {"order_id": f"o{n}", "customer_id": f"c{n % 7}", "ordered_at": text, "amount": f"{1 + n}", "currency": "EUR"}
        for n, text in enumerate(texts)
    ]
    events: list[Row] = [
        {"event_id": f"e{n}", "user_id": f"u{n % 5}", "occurred_at": text, "event_name": "open"}
        for n, text in enumerate([*texts, (case.day + timedelta(days=9)).isoformat()])
    ]
    changes: list[Row] = [
        {
            "change_id": f"k{n}",
            "subscription_id": f"s{n % 9}",
            "customer_id": f"c{n % 9}",
            "effective_at": text,
            "status": ("active", "active", "canceled")[n % 3 if n > 8 else 0],
            "plan": "basic",
            "amount": f"{10 + n}",
            "interval": "month",
            "currency": "EUR",
        }
        for n, text in enumerate(texts[1::7])
    ]
    return World(
        sources={
            "orders": _source("orders", orders, case.source),
            "subscriptions": _source("subscriptions", changes, case.source),
            "events": _source("events", events, case.source),
        },
        time_zone=case.report,
        orders_window_days=2,
        usage_window_days=1,
    )


def _source(name: str, rows: list[Row], zone: str) -> Source:
    return Source(tuple(rows[0]), {f"inbox/{name}/a.csv": tuple(rows)}, {"time_zone": zone})
