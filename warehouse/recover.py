"""Sweeps up after runs that were killed or refused, and heals what a killed publish left unfinished.

A release is never touched. Only whoever holds the run lock may sweep: nobody else's work is in the way then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse import candidate as candidates
from warehouse import commit, durable, history, manifest
from warehouse.candidate import RECORD, Candidate
from warehouse.errors import StorageError


@dataclass(frozen=True, slots=True)
class Swept:
    """What `recover` removed: how many staging folders, data files, and the bytes of the latter."""

    folders: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Beginning:
    """What there was when a run began: data files, staging folders, the newest release."""

    files: frozenset[str]
    folders: frozenset[Path]
    head: int | None


def beginning(home: Path) -> Beginning:
    """What there is now. The caller holds the run lock."""
    return Beginning(frozenset(data_files(home)), frozenset(_staged(home)), max(history.numbers(home), default=None))


def recover(home: Path, since: Beginning | None = None) -> Swept:
    """Heals `current` and removes what no release and no refused candidate of the head needs. Cheap if all is well.

    The caller holds the run lock and the publish lock. A staging folder is the mark of an unfinished run, so it goes
    last: a killed `recover` is done again. At the end of a run, `since` its beginning, only new files are looked at,
    however many releases there are. Raises StorageError, having removed nothing, where a manifest is damaged: which
    files it named could not be told.
    """
    head = max(history.numbers(home), default=None)
    if head is not None:
        commit.point_current(home, head)
    _remove_temporary(home)
    kept = last_refused(home)
    left = [folder for folder in _staged(home) if kept is None or folder != kept.folder]
    if not left and since is None:
        return Swept()
    # A folder from before was the mark of files from before.
    is_new = since is not None and since.folders.isdisjoint(left)
    files = sweep_data(home, since if is_new else None)
    for folder in left:
        durable.remove_tree(folder)
    return Swept(len(left), files.files, files.bytes)


def last_refused(home: Path) -> Candidate | None:
    """The newest refused candidate on top of the present head, kept so that one can look at it; None without one."""
    head = max(history.numbers(home), default=None)
    refused = [
        candidate
        for candidate in _candidates(home)
        if candidate.base == head and (verdict := candidate.verdict()) is not None and verdict.get("passed") is not True
    ]
    return max(refused, key=lambda candidate: (candidate.manifest.published_at, candidate.folder.name), default=None)


def sweep_data(home: Path, since: Beginning | None = None) -> Swept:
    """Removes the data files that nothing names, of a run only those that came `since`, and the folders that leaves
    empty. Raises StorageError."""
    present = data_files(home)
    asked = set(present) if since is None else present.keys() - since.files
    orphans = sorted(asked - referenced(home, asked, since))
    size = 0
    for path in orphans:
        size += present[path]
        with durable.explained("remove", home / path):
            (home / path).unlink()
    _remove_empty(home, {(home / path).parent for path in orphans})
    return Swept(files=len(orphans), bytes=size)


def referenced(home: Path, wanted: set[str], since: Beginning | None = None) -> set[str]:
    """Those of the wanted data paths that a release, or the refused candidate kept, names; raises StorageError. Of
    paths that came `since` none is named by an earlier release than its head, as no name is used again."""
    refused = last_refused(home)
    after = 0 if since is None or since.head is None else since.head
    records = [history.path_of(home, number) for number in reversed(history.numbers(home)) if number >= after]
    records += [refused.folder / RECORD] if refused else []
    records += sorted((home / history.EXPIRED).glob(f"*/{manifest.NAME}")) if since is None else []
    found: set[str] = set()
    for record in records:
        if wanted <= found:
            break
        found |= manifest.referenced_paths(record)
    return found & wanted


def _candidates(home: Path) -> Iterator[Candidate]:
    for folder in _staged(home):
        if (folder / RECORD).exists():
            try:
                yield candidates.read(folder)
            except StorageError:
                continue  # half written by a run that was killed: nobody's candidate


def _staged(home: Path) -> list[Path]:
    folder = home / "staging"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def data_files(home: Path) -> dict[str, int]:
    """Every file below data/, known to a release or not, with its size in bytes."""
    return dict(_files_below(home / "data", "data/"))


def _files_below(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_below(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.stat(follow_symlinks=False).st_size


def _remove_empty(home: Path, folders: set[Path]) -> None:
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        for step in (folder, *folder.parents):
            if step == home or any(step.iterdir()):
                break
            with durable.explained("remove", step):
                step.rmdir()


def _remove_temporary(home: Path) -> None:
    for path in home.glob(".*.tmp") if home.is_dir() else ():
        with durable.explained("remove", path):
            path.unlink()
