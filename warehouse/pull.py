"""A plain folder of one release, to take away: its tables, its manifest, and a database of its own.

Nothing in it points back: the files are copies and the database holds the rows, so that the folder may be moved. It
appears complete or not at all. From a warehouse in a folder as from one in an object store.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse import durable, history, manifest, mirror, transfers, views
from warehouse.errors import UsageError
from warehouse.manifest import DataFile, Manifest
from warehouse.names import check_inside
from warehouse.remote import CHUNK_BYTES, Remote
from warehouse.transfers import Report, quiet

_UNFINISHED = ".tmp"


def pull(home: Path, release: Manifest, folder: Path, report: Report = quiet) -> Path:
    """Makes `folder` from that release of the warehouse at `home`; returns its absolute path.

    Raises UsageError where something is there already, StorageError where a file is missing or not what was published.
    """
    folder = folder.absolute()
    _check_free(folder)
    durable.make_folder(folder.parent)
    _sweep(folder)
    with _unfinished(folder) as made:
        _fill(home, release, made, report)
        durable.sync_all(path for path in (*made.rglob("*"), made) if not path.is_symlink())
        with durable.explained("make the folder", folder):
            made.rename(folder)
    durable.sync(folder.parent)
    return folder


def _fill(home: Path, release: Manifest, made: Path, report: Report) -> None:
    remote = mirror.remote_of(home)
    files = release.published()
    for parent in sorted({(made / file.link).parent for file in files}):
        durable.make_folder(check_inside(made, parent))
    transfers.each(files, lambda file: _copy(home, remote, file, made), transfers.of_files("pulling", files, report))
    content = history.path_of(home, release.number).read_bytes()
    durable.write(made / manifest.NAME, content, mode=durable.READ_ONLY)
    views.write_rows(made / views.NAME, made, release)


def _copy(home: Path, remote: Remote | None, file: DataFile, made: Path) -> None:
    source, target = home / file.path, made / file.link
    if remote is None or transfers.is_here(home, file):
        chunks, origin = _chunks(source), str(source)
    else:
        chunks, origin = remote.chunks(file.path), remote.address(file.path)
    durable.write_chunks(target, transfers.checked(chunks, file, origin))
    target.chmod(durable.READ_ONLY)


def _chunks(path: Path) -> Iterator[bytes]:
    with durable.explained("read", path), path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _check_free(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is there already and no folder: name another")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder, releases are not mixed")


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, locked while it is worked on, and gone if that fails."""
    made = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}{_UNFINISHED}")
    durable.make_folder(made)
    descriptor = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield made
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Removes what killed pulls into this folder left: nobody holds the lock of those."""
    begin = f".{folder.name}."
    for left in [
        path for path in folder.parent.iterdir() if path.name.startswith(begin) and path.suffix == _UNFINISHED
    ]:
        descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            durable.remove_tree(left)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
