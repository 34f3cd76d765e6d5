"""A folder that mirrors a warehouse in an object store: the store is the truth, the folder a cache of it.

The folder is laid out as any warehouse, so that all that computes, stages and reads is the same. A mark in it names the
store. Releases come as manifests first; their files come when somebody needs them, and never change, so that what is
here is never out of date.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from warehouse import collect, commit, durable, history, links, manifest, remote_history, transfers, views
from warehouse.candidate import PAGE
from warehouse.errors import StorageError, UsageError
from warehouse.locks import publish_lock
from warehouse.manifest import DataFile, Manifest
from warehouse.remote import Remote
from warehouse.remote_errors import AbsentError
from warehouse.remote_history import Listed
from warehouse.transfers import Progress, Report, quiet

MARK = "remote.json"
AT_A_TIME = 16
GRACE = timedelta(hours=24)


def remote_of(home: Path) -> Remote | None:
    """The store this folder mirrors; None where the folder is a warehouse of its own."""
    try:
        return Remote(json.loads((home / MARK).read_bytes())["url"])
    except FileNotFoundError:
        return None


def adopt(home: Path, url: str) -> Remote:
    """Makes the folder a mirror of that store. Raises UsageError where it is of another, or a warehouse of its own."""
    present = remote_of(home)
    if present is None:
        if (home / "releases").exists():
            raise UsageError(f"{home} holds a warehouse of its own, no cache of {url}: name another folder as cache")
        durable.make_folder(home)
        durable.write(home / MARK, json.dumps({"url": url}).encode() + b"\n")
        return Remote(url)
    if present.url != url:
        raise UsageError(f"{home} is the cache of {present.url}, not of {url}: name another folder as cache")
    return present


def begin(home: Path, url: str, report: Report = quiet) -> None:
    """What every command begins with: the folder is a mirror of that store, and knows its releases.

    Raises UsageError as `adopt`, StorageError as `refresh`.
    """
    refresh(home, adopt(home, url), report)


def refresh(home: Path, remote: Remote, report: Report = quiet) -> Listed:
    """Brings the manifests of the releases that are new in the store, and says what is in it.

    Raises StorageError, also where the store is not the one this folder was filled from.
    """
    listed = remote_history.look(remote)
    _check_same(home, remote, listed)
    new = sorted(listed.live.keys() - set(history.numbers(home)))
    progress = Progress("reading manifests:", {number: listed.live[number] for number in new}, report)
    for start in range(0, len(new), AT_A_TIME):
        batch = new[start : start + AT_A_TIME]
        read: dict[int, bytes] = {}
        transfers.each(batch, partial(_read_into, read, remote), progress)
        with publish_lock(home):
            for number in batch:
                _place(home, number, read[number])
    if new:
        with publish_lock(home):
            commit.point_current(home, max(history.numbers(home)))
    return listed


def forget(home: Path, listed: Listed, now: datetime) -> None:
    """Lets go of releases that expired in the store. The caller holds the run lock and the publish lock."""
    here = set(history.numbers(home))
    known = history.collected(home)
    if listed.marks.keys() - known.keys():
        collect.record_collected(home, known | listed.published_at)
    collect.move_out(home, sorted(here & (listed.marks.keys() | listed.collected)), now)
    collect.remove_expired(home, now - GRACE)
    transfers.forget_unfinished(home, GRACE / timedelta(hours=1))


def fetch(home: Path, files: Iterable[DataFile], report: Report = quiet) -> None:
    """Brings those of the files that are not here, where the folder is a mirror. Raises StorageError."""
    remote = remote_of(home)
    if remote is not None:
        transfers.download(home, remote, sorted(files), report)


def complete(home: Path, release: Manifest, files: Iterable[DataFile], report: Report = quiet) -> Path:
    """The folder of a release with its tables and database, and these files of it here too. Raises StorageError."""
    folder = history.folder_of(home, release.number)
    fetch(home, {*files, *release.published()}, report)
    with publish_lock(home):
        links.make(home, folder, release.published())
        if not (folder / views.NAME).exists():
            temporary = home / f".{uuid.uuid4().hex}.tmp"
            views.write(temporary, home, release)
            with durable.explained("write", folder / views.NAME):
                temporary.replace(folder / views.NAME)
    return folder


def bring_page(home: Path, number: int) -> None:
    """Brings the page of a release's verdict, where the folder is a mirror and there is one. Raises StorageError."""
    remote, target = remote_of(home), history.folder_of(home, number) / PAGE
    if remote is not None and not target.exists():
        with suppress(AbsentError):
            durable.write(target, remote.read(remote_history.page_of(number)))


def drop_damaged(home: Path) -> list[str]:
    """Removes cached files that are no longer what their release lists, and says which; they come again when needed."""
    files = {file for number in history.numbers(home) for file in manifest.read(history.path_of(home, number)).files}
    dropped = []
    for file in sorted(files):
        path = home / file.path
        if path.exists() and durable.digest(path) != file.sha256:
            for number in history.numbers(home):
                link = history.folder_of(home, number) / file.link
                if link.exists() and link.samefile(path):
                    link.unlink()
            path.unlink()
            dropped.append(f"removed {path}, which was damaged: it is fetched again when needed")
    return dropped


def _check_same(home: Path, remote: Remote, listed: Listed) -> None:
    for number in history.numbers(home):
        size = listed.live.get(number)
        if size is None and number not in listed.marks and number not in listed.collected:
            wrong = "is not in the store any more"
        elif size is not None and size != history.path_of(home, number).lstat().st_size:
            wrong = "is another in the store"
        else:
            continue
        raise StorageError(
            f"Release {number} of {home} {wrong}: {remote.url} was emptied or replaced. If that was meant, remove this "
            "folder, which is only a cache, and run again"
        )


def _read_into(read: dict[int, bytes], remote: Remote, number: int) -> None:
    read[number] = remote_history.read(remote, number)[1]


def _place(home: Path, number: int, content: bytes) -> None:
    target = history.folder_of(home, number)
    if target.exists():
        return
    folder = home / "staging" / uuid.uuid4().hex
    durable.make_folder(folder)
    durable.write(folder / manifest.NAME, content, mode=durable.READ_ONLY)
    durable.make_folder(target.parent)
    with durable.explained("write", target):
        folder.rename(target)
    durable.sync(target.parent)
