"""How a world's files may have come in: file by file, out of order, some first in a former version that was wrong.

A history ends with exactly the files of its final world; what came before differs as the dice say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.oracle.worlds import Row, Source, World

TIME = {"orders": "ordered_at", "events": "occurred_at", "payments": "attempted_at", "fx_rates": "date"}
ID = {"orders": "order_id", "subscriptions": "subscription_id", "events": "event_id", "customers": "customer_id"}
LEFT_OUT = ("channel", "country", "updated_at", "received_at")


@dataclass(frozen=True)
class Step:
    """The files delivered before one run (each as a world of one file), the world whose configuration holds by then,
    and the run's --date."""

    files: list[World]
    world: World
    date: date | None
    days_earlier: int = 0


def history(world: World, seed: int) -> tuple[World, list[Step]]:
    """The final world, its rows split over more files, and the steps that lead to it."""
    dice = random.Random(seed)
    final = replace(world, sources={name: _split(source, dice) for name, source in world.sources.items()})
    arriving = _shuffled(final, dice) if dice.random() < 0.5 else _mended_one_by_one(final, dice)
    dates = _dates(world, len(arriving), dice)
    widened = [dice.choice((0, 0, 0, 40)) for _ in dates]
    configured = _configurations(final, len(arriving), dice)
    return final, [Step(*values) for values in zip(arriving, configured, dates, widened, strict=True)]


def _configurations(final: World, number: int, dice: random.Random) -> list[World]:
    """Of some histories the first runs know fewer sources, or count with other windows."""
    if dice.random() < 0.7:
        return [final] * number
    known = dict(final.sources)
    if len(known) > 1 and dice.random() < 0.5:
        del known[dice.choice([name for name in known if name != "fx_rates"])]
    former = replace(
        final,
        sources=known,
        orders_window_days=dice.choice((7, 60)),
        usage_window_days=dice.choice((3, 14)),
        grace_days=dice.choice((1, 15)),
        time_zone=dice.choice((final.time_zone, "Asia/Kolkata")),
    )
    change = dice.randrange(1, number) if number > 1 else 0
    return [former] * change + [final] * (number - change)


def _shuffled(final: World, dice: random.Random) -> list[list[World]]:
    """Every file comes at some time, half of those that come later also in a former version before."""
    arriving: list[list[World]] = [[] for _ in range(dice.choice((2, 3, 3, 4)))]
    for name, path in _paths(final):
        last = dice.randrange(len(arriving))
        arriving[last].append(_file(final, name, path))
        if last and dice.random() < 0.5:
            arriving[dice.randrange(last)].append(_former(final, name, path, dice))
    return arriving


def _mended_one_by_one(final: World, dice: random.Random) -> list[list[World]]:
    """Everything at once, but one to three files missing or wrong, which then come right one at a time."""
    paths = _paths(final)
    late = dice.sample(paths, min(len(paths), dice.choice((1, 2, 3))))
    first = [_file(final, name, path) for name, path in paths if (name, path) not in late]
    first += [_former(final, name, path, dice) for name, path in late if dice.random() < 0.7]
    return [first, *([_file(final, name, path)] for name, path in late)]


def _paths(world: World) -> list[tuple[str, str]]:
    return [(name, path) for name, source in world.sources.items() for path in source.files]


def _file(world: World, name: str, path: str) -> World:
    source = world.sources[name]
    return replace(world, sources={name: replace(source, files={path: source.files[path]})})


def _split(source: Source, dice: random.Random) -> Source:
    """More files, each with any of the rows; whole extracts stay as they are."""
    if source.options.get("full_extract"):
        return source
    rows = [row for content in source.files.values() for row in content]
    folder, ending = _folder_and_ending(source)
    names = dice.sample("abcdef", dice.choice((1, 2, 3, 5)))
    files: dict[str, tuple[Row, ...]] = {}
    for row in rows:
        path = f"{folder}/{dice.choice(names)}.{ending}"
        files[path] = (*files.get(path, ()), row)
    return replace(source, files=files)


def _folder_and_ending(source: Source) -> tuple[str, str]:
    folder, _, name = next(iter(source.files)).rpartition("/")
    return folder, name.split(".", 1)[1]


def _former(world: World, name: str, path: str, dice: random.Random) -> World:
    """The file as it was first: rows missing, rows too many, cells of other rows, other days, columns not there yet."""
    source = world.sources[name]
    rows = source.files[path]
    kept = [dict(row) for row in rows if dice.random() < 0.8] or [dict(rows[0])]
    for row in [*kept]:
        if dice.random() < 0.3:
            kept.append(_another(row, name, dice))
    everything = [row for content in source.files.values() for row in content]
    for row in kept:
        if dice.random() < 0.4:
            column = dice.choice(source.columns)
            row[column] = dice.choice(everything)[column]
        if dice.random() < 0.15:
            _move(row, name, dice)
    columns = source.columns
    if dice.random() < 0.3:
        columns = tuple(column for column in columns if column not in LEFT_OUT)
    content = tuple({column: row[column] for column in columns} for row in kept)
    return replace(world, sources={name: replace(source, columns=columns, files={path: content})})


def _another(row: Row, name: str, dice: random.Random) -> Row:
    """A row that will not be there in the end: of somebody or something nobody else names, some time off."""
    extra = dict(row)
    if name in ID and ID[name] in extra:
        extra[ID[name]] = f"{extra[ID[name]]}-gone"
    if "customer_id" in extra and dice.random() < 0.5:
        extra["customer_id"] = dice.choice(("gone", "gone too"))
    if dice.random() < 0.5:
        _move(extra, name, dice)
    return extra


def _move(row: Row, name: str, dice: random.Random) -> None:
    column = TIME.get(name, "effective_at" if "effective_at" in row else "started_at")
    text = row.get(column)
    if text is not None:
        day = date.fromisoformat(text[:10]) + timedelta(days=dice.choice((-70, -33, -5, -1, 1, 5, 33)))
        row[column] = day.isoformat() + text[10:]


def _dates(world: World, number: int, dice: random.Random) -> list[date | None]:
    """The day each run is asked for: none at all, or later and later."""
    if world.date is None:
        return [None] * number
    asked = sorted(world.date - timedelta(days=dice.choice((0, 1, 7, 20, 45))) for _ in range(number - 1))
    return [*asked, world.date]
