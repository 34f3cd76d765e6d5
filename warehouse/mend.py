"""Makes again what a release needs but what also follows from its manifest and data: links, database, `current`.

A data file and the links to it are one file under several names: as long as one name is left, the others can be made
again. Manifests are never written here, and what is lost under all of its names is lost.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from warehouse import durable, history, links, manifest, transfers, views
from warehouse.candidate import PAGE
from warehouse.errors import StorageError
from warehouse.manifest import Manifest
from warehouse.names import check_inside


def mend(home: Path) -> list[str]:
    """Mends every release whose manifest is whole; says what it made. The caller holds both locks."""
    releases = list(_readable(home))
    done = [line for release in releases for line in _mend_data(home, release)]
    for release in releases:
        done += _mend_links(home, release)
        done += _mend_database(home, release)
    return done


def _readable(home: Path) -> Iterator[Manifest]:
    for number in history.numbers(home):
        try:
            yield manifest.read(history.path_of(home, number))
        except StorageError:
            continue  # for `inspect` to tell


def _mend_data(home: Path, release: Manifest) -> list[str]:
    """Lost data files whose link in the release's folder survives, byte for byte."""
    done = []
    folder = history.folder_of(home, release.number)
    for file in release.published():
        lost, link = home / file.path, folder / file.link
        if lost.exists() or link.is_symlink() or not link.is_file() or durable.digest(link) != file.sha256:
            continue
        check_inside(home, lost.parent)
        durable.make_folder(lost.parent)
        with durable.explained("make a hard link at", lost):
            os.link(link, lost)
        durable.sync_all({lost, *(above for above in lost.parents if above.is_relative_to(home))})
        done.append(f"took {lost} from {link}")
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
    if not all(transfers.is_here(home, file) for file in release.published()):
        return []  # no views can be made over what is lost, or not fetched yet
    if views.problem(path, home, release) is None:
        return []
    temporary = home / f".{uuid.uuid4().hex}.tmp"
    views.write(temporary, home, release)
    durable.sync(temporary)
    with durable.explained("write", path):
        temporary.replace(path)
    durable.sync(path.parent)
    return [f"wrote {path} again"]
