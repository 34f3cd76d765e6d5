"""A day of the demo in two parts: together they are its files, and the first has the rows of that day alone."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import polars as pl

from tests.bench.deliveries import Business

CUSTOMERS = Path("inbox", "customers", "2026.csv")


def _lines(folder: Path, day: date) -> tuple[list[str], list[str], pl.DataFrame]:
    """The orders, changes and events in the files of a day, whatever these are called."""
    orders, changes, events = (
        sorted((folder / "inbox" / source).glob(f"*{day}*")) for source in ("orders", "subscriptions", "events")
    )
    return (
        sorted(line for file in orders for line in file.read_text().splitlines()[1:]),
        sorted(line for file in changes for line in gzip.decompress(file.read_bytes()).decode().splitlines()),
        pl.concat(pl.read_parquet(file) for file in events).sort("event_id", "occurred_at", "received_at"),
    )


def test_a_day_in_parts_is_the_day(tmp_path: Path) -> None:
    business = Business(tmp_path / "shop", customers=3_000, days=200, seed=5, new_days=2)
    day = business.new_days[0]
    whole = _lines(business.folder.with_name("shop.waiting"), day)
    changed = f"C000001,email,GB,2026-04-15,{day}"
    with (business.folder.with_name("shop.waiting") / CUSTOMERS).open("a") as file:
        file.write(f"{changed}\n")
    before = _customers(business)
    business.deliver_own(day)
    own, after = _lines(business.folder, day), _customers(business)
    assert own[2].height > 100
    assert set(own[2]["occurred_at"].dt.date()) == {day}
    assert own[0]
    assert all(f"{day}" in line or f"{day.replace(day=day.day - 1)}" in line for line in own[0])
    assert all(f'"effective_at":"{day}' in line for line in own[1])
    business.deliver(day)
    both = _lines(business.folder, day)
    assert both[:2] == whole[:2]
    assert both[2].equals(whole[2])
    assert own[2].height < both[2].height
    assert len(own[0]) < len(both[0])
    assert set(before) < set(after)
    assert changed not in after
    assert changed in _customers(business)


def _customers(business: Business) -> list[str]:
    return (business.folder / CUSTOMERS).read_text().splitlines()
