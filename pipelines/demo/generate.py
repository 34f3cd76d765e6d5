"""Making a demo folder: the made-up business lives, and its systems deliver what it did.

Here belongs the order of the steps and the folder. What the business does, and what its files look like, belongs to the
modules beside this one.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipelines.demo import deliveries, dirt, files, payments
from pipelines.demo.answers import answers, month_of
from pipelines.demo.event_feed import received_by_month
from pipelines.demo.seasons import stream
from pipelines.demo.starting_config import TEXT
from pipelines.demo.truth import Json, tell
from pipelines.demo.world import World, make_world
from warehouse.errors import UsageError

CONFIG, INBOX, TRUTH, UNFINISHED = "holdfast.toml", "inbox", "truth.json", ".demo-unfinished"


def generate(
    folder: Path,
    customers: int = 20_000,
    days: int = 730,
    seed: int = 7,
    report: Callable[[str], None] = lambda line: None,
    period: files.Period = "month",
) -> None:
    """Write a complete folder: configuration, inbox and truth; the same arguments give the same bytes.

    `days` end on 2026-10-31; `period` is how much a file of orders, subscriptions or events holds. Raises UsageError
    for numbers out of range and for a folder that holds something already; an interrupted demo is begun again.
    """
    if customers < 1 or days < 1 or seed < 0:
        raise UsageError(f"a demo needs 1 customer, 1 day and a seed of 0 at least, not {customers}, {days} and {seed}")
    _make_room(folder)
    report(f"{customers:,} customers live through {days:,} days")
    world = make_world(customers, days, seed)
    known = tell(world)
    known["dirt"], known["rows"] = {}, {}
    for source, deliver in (
        ("orders", _deliver_orders),
        ("subscriptions", _deliver_changes),
        ("events", _deliver_events),
        ("customers", _deliver_customers),
        ("fx_rates", _deliver_rates),
        ("payments", _deliver_payments),
    ):
        number, rows, counts = deliver(folder / INBOX, world, period)
        known["dirt"][source] = counts
        known["rows"][source] = _rows(number, rows, counts)
        report(f"{source}: {rows:,} rows in {number} files")
    _finish(folder, known)
    report(f"the truth is in {folder / TRUTH}")


def _make_room(folder: Path) -> None:
    """The folder, empty but for the mark that says a demo is being made there."""
    if (folder / UNFINISHED).exists():
        shutil.rmtree(folder / INBOX, ignore_errors=True)
        (folder / TRUTH).unlink(missing_ok=True)
        (folder / CONFIG).unlink(missing_ok=True)
    for name in (CONFIG, INBOX, TRUTH, "warehouse"):
        if (folder / name).exists():
            raise UsageError(f"{folder} already holds {name}: name a new folder, or remove that one first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / UNFINISHED).touch()
    except OSError as error:
        raise UsageError(f"cannot make a demo in {folder}: {error.strerror}") from error


def _deliver_orders(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    rows, counts = dirt.soil_orders(deliveries.order_rows(world), world.seed)
    return files.write_orders(inbox, rows, period), rows.height, counts


def _deliver_changes(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    rows, counts = dirt.soil_changes(deliveries.change_rows(world), world.seed)
    return files.write_changes(inbox, rows, period), rows.height, counts


def _deliver_events(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    chance, counts, number, height = stream(world.seed, "event dirt"), Counter[str](), 0, 0
    besides = answers(world)
    for month in received_by_month(world):
        rows, found = dirt.soil_events(month, chance)
        said = besides.filter(pl.col("month") == month.select(month_of())["received"][0]).drop("month")
        rows = pl.concat([rows, said]).sort("received", "event")
        counts.update(found)
        number += files.write_events(inbox, rows, world.user_id, world.customer_id, period)
        height += rows.height
    return number, height, dict(counts)


def _deliver_customers(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    rows = deliveries.customer_rows(world)
    return files.write_customers(inbox, rows), rows.height, dirt.customer_counts(rows)


def _deliver_rates(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    rows = deliveries.rate_rows(world)
    return files.write_rates(inbox, rows), rows.height, {}


def _deliver_payments(inbox: Path, world: World, period: files.Period) -> tuple[int, int, dirt.Counts]:
    rows = payments.attempts(world.contracts.changes, world.calendar, world.seed)
    return files.write_payments(inbox, rows), rows.height, {}


def _rows(number: int, rows: int, counts: dirt.Counts) -> dict[str, int]:
    quarantined = sum(count for kind, count in counts.items() if kind in dirt.QUARANTINED)
    older = counts.get("repeated_row", 0) + counts.get("newer_version", 0)
    return {"files": number, "rows": rows, "quarantined": quarantined, "current": rows - quarantined - older}


def _finish(folder: Path, known: Json) -> None:
    """The truth, and the configuration last: a folder that has one is complete."""
    (folder / TRUTH).write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    (folder / CONFIG).write_text(TEXT, encoding="utf-8")
    (folder / UNFINISHED).unlink()
