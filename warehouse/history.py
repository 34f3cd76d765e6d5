"""Where the releases of a warehouse lie and which of them was the newest at a moment. Read only, and light."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from warehouse import manifest
from warehouse.errors import UsageError
from warehouse.manifest import NAME, Manifest
from warehouse.names import check_inside

CURRENT = "current"
EXPIRED = "expired"
COLLECTED = "collected.json"


def folder_of(home: Path, number: int) -> Path:
    """The folder of that release, whether there is one or not."""
    return home / "releases" / f"{number:08d}"


def path_of(home: Path, number: int) -> Path:
    """Where the manifest of that release lies."""
    return folder_of(home, number) / NAME


def numbers(home: Path) -> list[int]:
    """The numbers of all releases, ascending. Raises StorageError where their folder is a link to elsewhere."""
    folder = check_inside(home, home / "releases")
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdecimal() and len(name) >= 8)


def newest(home: Path) -> Manifest | None:
    """The newest release; None before the first. Raises StorageError where its manifest is damaged."""
    number = max(numbers(home), default=None)
    return None if number is None else manifest.read(path_of(home, number))


def get(home: Path, number: int) -> Manifest:
    """Raises UsageError where there is no such release, StorageError where its manifest is damaged."""
    known = numbers(home)
    if number not in known:
        raise UsageError(f"There is no release {number}; {_known(known)}")
    return manifest.read(path_of(home, number))


def as_of(home: Path, moment: datetime | date | str) -> Manifest | None:
    """The newest release published at that moment or before; None where there was none yet.

    A day means its end in the head's reporting time zone, a time without a zone is in that zone. Raises UsageError
    where the text is no ISO time.
    """
    head = newest(home)
    if head is None:
        return None
    wanted = in_utc(_parsed(moment), ZoneInfo(head.time_zone))
    known = numbers(home)
    # Publishing times never go back, so that a few manifests are enough.
    position = bisect_right(known, wanted, key=lambda number: manifest.read_header(path_of(home, number)).published_at)
    _check_not_collected(home, wanted, after=known[position - 1] if position else 0)
    return manifest.read(path_of(home, known[position - 1])) if position else None


def collected(home: Path) -> dict[int, str]:
    """When the releases were published that are gone since, by number."""
    path = home / EXPIRED / COLLECTED
    return {int(number): at for number, at in json.loads(path.read_bytes()).items()} if path.exists() else {}


def stamp(moment: datetime) -> str:
    """The one way times are written, so that they sort as text: ISO, UTC, microseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def in_utc(moment: datetime | date, zone: ZoneInfo) -> str:
    """A day's end, or a moment, as `stamp` writes it."""
    if not isinstance(moment, datetime):
        return stamp(datetime.combine(moment + timedelta(days=1), time(), zone) - timedelta(microseconds=1))
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _check_not_collected(home: Path, wanted: str, after: int) -> None:
    newer = [number for number, at in collected(home).items() if number > after and at <= wanted]
    if newer:
        raise UsageError(f"Release {max(newer)}, the newest at that time, has been collected: no folder of it is left")


def _parsed(moment: datetime | date | str) -> datetime | date:
    if not isinstance(moment, str):
        return moment
    try:
        return date.fromisoformat(moment)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(moment)
    except ValueError:
        raise UsageError(f"{moment!r} is no time: write 2026-11-22 or 2026-11-22T08:30:00+01:00") from None


def _known(known: list[int]) -> str:
    if not known:
        return "nothing was published yet"
    return f"there are {len(known)}, from {known[0]} to {known[-1]}"
