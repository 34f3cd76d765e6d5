"""A world told in another way: without rivals, cut at a day, in other order and files, under other names.

Each function returns a new world. What must not change by it is for the tests.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date
from hashlib import sha256

from tests.oracle.instants import read
from tests.oracle.worlds import Row, Source, World

TIMES = ("ordered_at", "occurred_at", "effective_at", "started_at", "attempted_at", "date")
PERSONS = ("customer_id", "user_id")


def without_rivals(world: World) -> World:
    """Of rows that compete with each other the first one only: then neither file nor line decides anything."""
    sources = {}
    for name, source in world.sources.items():
        seen: set[Hashable] = set()
        files = {
            path: tuple(row for row in rows if _is_first(_identity(world, name, row), seen))
            for path, rows in source.files.items()
        }
        options = {key: value for key, value in source.options.items() if key != "full_extract"}
        sources[name] = replace(source, files=_not_empty(files), options=options)
    return replace(world, sources=sources)


def cut(world: World, day: date) -> World:
    """Without the facts of later days; each source keeps its first fact, so choose a day after those."""
    return _with_rows(world, lambda name, row: (when := business_day(world, name, row)) is None or when <= day)


def business_day(world: World, source: str, row: Row) -> date | None:
    """The business day of a raw row; None where it is undated."""
    zone = str(world.sources[source].options.get("time_zone", "UTC"))
    texts = [text for name in TIMES if (text := row.get(name)) is not None]
    return read(texts[0], zone, world.time_zone)[1] if texts else None


def reordered(world: World, seed: int) -> World:
    """The same rows in any order, in any files."""
    dice, sources = random.Random(seed), {}
    for name, source in world.sources.items():
        rows = [row for content in source.files.values() for row in content]
        ending = next(iter(source.files)).rpartition("/")[2].split(".", 1)[1]
        files: dict[str, tuple[Row, ...]] = {}
        for row in dice.sample(rows, len(rows)):
            path = f"inbox/{name}/{dice.choice(('north', 'east', 'south'))}.{ending}"
            files[path] = (*files.get(path, ()), row)
        sources[name] = replace(source, files=files)
    return replace(world, sources=sources)


def renamed(world: World) -> World:
    """Every person under another id, and so in another shard and another order."""
    sources = {}
    for name, source in world.sources.items():
        files = {path: tuple(_renamed_row(row) for row in rows) for path, rows in source.files.items()}
        sources[name] = replace(source, files=files)
    return replace(world, sources=sources)


def new_name(person: str) -> str:
    return "p" + sha256(person.encode()).hexdigest()[:8]


def _renamed_row(row: Row) -> Row:
    return {name: new_name(text) if name in PERSONS and text is not None else text for name, text in row.items()}


def _identity(world: World, source: str, row: Row) -> Hashable:
    """What two rows share of which only one counts, or whose order is that of the file."""
    if source == "subscriptions":
        zone = str(world.sources[source].options.get("time_zone", "UTC"))
        return row["subscription_id"], read(str(row.get("effective_at") or row["started_at"]), zone, world.time_zone)
    if source == "fx_rates":
        return row["currency"], row["date"]
    if source == "events":
        zone = str(world.sources[source].options.get("time_zone", "UTC"))
        return row.get("event_id") or read(str(row["occurred_at"]), zone, world.time_zone)
    return row[{"orders": "order_id", "payments": "payment_id"}.get(source, "customer_id")]


def _is_first(identity: Hashable, seen: set[Hashable]) -> bool:
    is_first = identity not in seen
    seen.add(identity)
    return is_first


def _with_rows(world: World, keeps: Callable[[str, Row], bool]) -> World:
    sources: dict[str, Source] = {}
    for name, source in world.sources.items():
        files = {path: tuple(row for row in rows if keeps(name, row)) for path, rows in source.files.items()}
        sources[name] = replace(source, files=_not_empty(files))
    return replace(world, sources=sources)


def _not_empty(files: dict[str, tuple[Row, ...]]) -> dict[str, tuple[Row, ...]]:
    return {path: rows for path, rows in files.items() if rows}
