"""Removes what nobody needs any more: old releases, the link trees of middling ones, and their data files.

In two phases, so that a reader of a release, however slow, is not pulled away from under: a release first expires (it
moves out of sight, whole) and is removed by a collection at least `grace_hours` later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse import durable, history, links, manifest
from warehouse.recover import Swept, sweep_data
from warehouse.tags import tags

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Keep:
    """What stays: the newest `releases`, those of the last `days`, tagged ones; of the newest `trees` the links too."""

    releases: int = 30
    days: int = 90
    trees: int = 10
    grace_hours: int = 24


@dataclass(frozen=True, slots=True)
class Collected:
    """The numbers of the releases that expired and of those removed for good, trees dropped, and data files removed."""

    expired: tuple[int, ...]
    removed: tuple[int, ...]
    trees: tuple[int, ...]
    swept: Swept


def collect(home: Path, keep: Keep, now: datetime) -> Collected:
    """One collection. The caller holds the run lock and the publish lock. Raises StorageError."""
    known, tagged = history.numbers(home), set(tags(home).values())
    removed = remove_expired(home, now - timedelta(hours=keep.grace_hours))
    old = beyond(home, keep, tagged, now)
    if old:
        # Written first: a time whose release is gone must be known as such, or another would be taken for it.
        record_collected(home, history.collected(home) | old)
        move_out(home, list(old), now)
    trees = drop_trees(home, known, keep, tagged | old.keys())
    return Collected(tuple(old), removed, trees, sweep_data(home))


def beyond(home: Path, keep: Keep, tagged: set[int], now: datetime) -> dict[int, str]:
    """The releases that `keep` lets go of, and when they were published."""
    oldest = history.stamp(now - timedelta(days=keep.days))
    old = [number for number in history.numbers(home)[: -max(keep.releases, 1)] if number not in tagged]
    times = {number: manifest.read_header(history.path_of(home, number)).published_at for number in old}
    return {number: at for number, at in times.items() if at < oldest}


def drop_trees(home: Path, known: list[int], keep: Keep, spared: set[int]) -> tuple[int, ...]:
    """Removes the tables from the folders of all but the newest of the known releases; whose it did."""
    middling = [number for number in known[: -max(keep.trees, 1)] if number not in spared]
    return tuple(number for number in middling if _drop_tree(home, number))


def record_collected(home: Path, gone: Mapping[int, str]) -> None:
    """Keeps when the releases that are gone were published."""
    durable.make_folder(home / history.EXPIRED)
    record = json.dumps({str(number): at for number, at in sorted(gone.items())}, indent=0)
    durable.write(home / history.EXPIRED / history.COLLECTED, record.encode())


def move_out(home: Path, numbers: list[int], now: datetime) -> None:
    """Moves these releases out of sight, whole."""
    if not numbers:
        return
    for number in numbers:
        source = history.folder_of(home, number)
        target = home / history.EXPIRED / f"{source.name}-{now.astimezone(UTC):{_STAMP}}"
        with durable.explained("move", source):
            source.rename(target)
    durable.sync_all([home / "releases", home / history.EXPIRED])


def remove_expired(home: Path, before: datetime) -> tuple[int, ...]:
    """Removes the folders of releases that were moved out before that moment; which."""
    removed = []
    for folder in sorted((home / history.EXPIRED).glob("*-*Z")):
        number, _, stamp = folder.name.partition("-")
        if datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) <= before:
            durable.remove_tree(folder)
            removed.append(int(number))
    return tuple(removed)


def _drop_tree(home: Path, number: int) -> bool:
    """Removes the tables from a release's folder; manifest and database, which need no links, stay."""
    tables = [path for path in history.folder_of(home, number).iterdir() if path.is_dir() and not path.is_symlink()]
    for table in tables:
        durable.remove_tree(table)
    return bool(tables)


def restore_tree(home: Path, number: int) -> Path:
    """The folder of the release with every link in its place again. Raises UsageError, StorageError."""
    folder = history.folder_of(home, number)
    missing = [file for file in history.get(home, number).published() if not (folder / file.link).exists()]
    links.make(home, folder, missing)
    return folder
