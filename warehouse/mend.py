"""Makes again what a release needs but what also follows from its manifest and data: links, database, `current`.

Data and manifests are the only truth and are never written here: what they lost is lost.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from warehouse import durable, history, links, manifest, views
from warehouse.candidate import PAGE
from warehouse.errors import StorageError
from warehouse.manifest import Manifest


def mend(home: Path) -> list[str]:
    """Mends every release whose manifest is whole; says what it made. The caller holds both locks."""
    done = []
    for number in history.numbers(home):
        try:
            release = manifest.read(history.path_of(home, number))
        except StorageError:
            continue  # for `inspect` to tell
        done += _mend_links(home, release)
        done += _mend_database(home, release)
    return done


def _mend_links(home: Path, release: Manifest) -> list[str]:
    folder = history.folder_of(home, release.number)
    if not any(path.is_dir() for path in folder.iterdir()):
        return []  # dropped by a collection, and made again when asked for
    present = [file for file in release.published() if (home / file.path).exists()]
    broken = {path for path, _ in links.differences(home, folder, present, {manifest.NAME, views.NAME, PAGE})}
    again = [file for file in present if folder / file.link in broken]
    for file in again:
        with durable.explained("remove", folder / file.link):
            (folder / file.link).unlink(missing_ok=True)
    links.make(home, folder, again)
    return [f"linked {folder / file.link} again" for file in again]


def _mend_database(home: Path, release: Manifest) -> list[str]:
    path = history.folder_of(home, release.number) / views.NAME
    if views.problem(path, home, release) is None:
        return []
    temporary = home / f".{uuid.uuid4().hex}.tmp"
    views.write(temporary, home, release)
    durable.sync(temporary)
    with durable.explained("write", path):
        temporary.replace(path)
    durable.sync(path.parent)
    return [f"wrote {path} again"]
