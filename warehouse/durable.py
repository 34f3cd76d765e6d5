"""Files that are either whole or not there: atomic writing, syncing and removing, and nothing about what they mean.

All changes a warehouse makes to its folder go through here, one `os` call at a time: tests stop before each.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from warehouse.errors import StorageError

READ_ONLY = 0o444
_SYNCS_AT_ONCE = 8
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turns the operating system's error into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full. Nothing was published; free space and run again"
        else:
            advice = f"{error.strerror or error}. Nothing was published; mend it and run again"
        raise StorageError(f"Cannot {action} {path}: {advice}") from error


class Identity(NamedTuple):
    """What is another one after a file was replaced or changed."""

    inode: int
    size: int
    written_ns: int
    changed_ns: int


def identity(path: Path) -> Identity:
    """The identity of the file that lies there now. Raises OSError."""
    found = path.stat()
    return Identity(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def make_folder(folder: Path) -> None:
    """Makes the folder and its missing parents."""
    with explained("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)


def write(path: Path, content: bytes | memoryview, *, mode: int = 0o644, sync: bool = True) -> None:
    """Writes the file whole or not at all; an existing one is replaced. `sync` makes content and name durable.

    Raises StorageError, leaving no temporary file.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    with explained("write", path):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                _write_all(descriptor, memoryview(content))
                os.fchmod(descriptor, mode)
                if sync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        if sync:
            _sync(path.parent)


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Writes a new file piece by piece; nobody may look at it before it is whole. Nothing is synced.

    Raises StorageError, and whatever making the chunks raises; the file is gone then.
    """
    with explained("write", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            for chunk in chunks:
                _write_all(descriptor, memoryview(chunk))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)


def digest(path: Path) -> str:
    """The sha256 of a file's bytes; raises StorageError where it cannot be read."""
    with explained("read", path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Makes a file's content, or the names in a folder, outlive a power cut. Raises StorageError."""
    with explained("sync", path):
        _sync(path)


def sync_all(paths: Iterable[Path]) -> None:
    """Each once, deepest first: a folder after what it holds. Raises StorageError.

    Those of one depth at the same time: the disk makes one flush of many that wait for it, and of one by one as many.
    """
    by_depth: dict[int, list[Path]] = {}
    for path in set(paths):
        by_depth.setdefault(len(path.parts), []).append(path)
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        for _, same_depth in sorted(by_depth.items(), reverse=True):
            for _ in pool.map(sync, sorted(same_depth)):
                pass


def point(link: Path, target: str) -> None:
    """Makes `link` a symbolic link to `target` in one step, whatever it was before. Raises StorageError."""
    temporary = link.with_name(f".{uuid.uuid4().hex}.tmp")
    with explained("move the link", link):
        temporary.symlink_to(target)
        temporary.replace(link)
        _sync(link.parent)


def remove_tree(folder: Path) -> None:
    """Removes a folder nobody reads any more; one that is gone already is fine. Raises StorageError."""
    with explained("remove", folder):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return


def empty_folder(folder: Path) -> None:
    """Removes all a folder holds, not the folder; one that is gone already is fine. Raises StorageError."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            with explained("remove", path):
                path.unlink()


def _write_all(descriptor: int, content: memoryview) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
