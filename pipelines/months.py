"""Months of business days: the partitions of every table, as Dagster's page and a run's tags name them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from warehouse.manifest import Manifest
from warehouse.names import month_in


def month_of(day: date) -> str:
    return day.strftime("%Y-%m")


def first_day_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def months_between(first: date, last: date) -> Iterator[str]:
    """Every month with a day from `first` to `last`, both included."""
    day = first.replace(day=1)
    while day <= last:
        yield month_of(day)
        day = (day + timedelta(days=31)).replace(day=1)


def earliest_month(head: Manifest | None, pending_from: date | None) -> str | None:
    """The first month of anything the release holds or the inbox brings; None where there is neither."""
    held = {month for file in (head.files if head else ()) if (month := month_in(file.partition))}
    if pending_from is not None:
        held.add(month_of(pending_from))
    return min(held, default=None)
