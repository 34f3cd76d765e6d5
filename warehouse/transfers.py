"""Files on their way to and from an object store: several at once, each checked, and told of when it takes long.

Which files those are is for others to say.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Generic, TypeVar

from warehouse import durable
from warehouse.errors import StorageError
from warehouse.manifest import DataFile
from warehouse.names import check_data_path, check_inside
from warehouse.remote import Remote

Report = Callable[[str], None]
Thing = TypeVar("Thing")
AT_ONCE = 8
QUIET_SECONDS = 2.0
INCOMING = "incoming"
_MEGABYTE = 1e6


def quiet(_line: str) -> None:
    """Tells nobody."""


def upload(home: Path, remote: Remote, files: Sequence[DataFile], report: Report = quiet) -> None:
    """Writes the files to the store, under their own paths. Raises StorageError."""
    each(files, lambda file: remote.upload(file.path, home / file.path), of_files("uploading", files, report))


def download(home: Path, remote: Remote, files: Sequence[DataFile], report: Report = quiet) -> None:
    """Brings those of the files that are not on this machine. Raises StorageError, also where one has other bytes."""
    missing = [file for file in files if not is_here(home, file)]
    if missing:
        durable.make_folder(check_inside(home, home / INCOMING))
        each(missing, lambda file: _bring(home, remote, file), of_files("downloading", missing, report))


def is_here(home: Path, file: DataFile) -> bool:
    """Whether the file lies on this machine in its full length."""
    try:
        return (home / check_data_path(file.path)).lstat().st_size == file.bytes
    except FileNotFoundError:
        return False


def each(things: Sequence[Thing], work: Callable[[Thing], object], progress: Progress[Thing]) -> None:
    """Does the work for every thing, several at once; the first error ends it and is raised."""
    with ThreadPoolExecutor(min(AT_ONCE, len(things)) or 1) as threads:
        waiting = {threads.submit(work, thing): thing for thing in things}
        try:
            left = set(waiting)
            while left:
                done, left = wait(left, QUIET_SECONDS, FIRST_COMPLETED)
                for one in done:
                    one.result()
                    progress.count(waiting[one])
                progress.tell()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def checked(chunks: Iterator[bytes], file: DataFile, origin: str) -> Iterator[bytes]:
    """The chunks, and after the last a StorageError where they are not the file the release lists."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    if (size, digest.hexdigest()) != (file.bytes, file.sha256):
        raise StorageError(
            f"{origin} was altered: {size} bytes with another sha256 than its release lists. "
            "`holdfast doctor --deep` says which release is whole"
        )


def _bring(home: Path, remote: Remote, file: DataFile) -> None:
    target = check_inside(home, home / file.path)
    # Beside data/, not in it: what a run sweeps up there must not be somebody's download.
    incoming = home / INCOMING / f"{uuid.uuid4().hex}.parquet"
    try:
        durable.write_chunks(incoming, checked(remote.chunks(file.path), file, remote.address(file.path)))
        durable.make_folder(target.parent)
        with durable.explained("write", target):
            incoming.chmod(durable.READ_ONLY)
            incoming.replace(target)
    except BaseException:
        incoming.unlink(missing_ok=True)
        raise


def forget_unfinished(home: Path, older_than_hours: float) -> None:
    """Removes what killed downloads left."""
    folder = home / INCOMING
    for path in folder.iterdir() if folder.is_dir() else ():
        with durable.explained("remove", path):
            if path.lstat().st_mtime < time.time() - 3600 * older_than_hours:
                path.unlink()


def of_files(doing: str, files: Sequence[DataFile], report: Report) -> Progress[DataFile]:
    """What is told while these files are under way."""
    return Progress(doing, {file: file.bytes for file in files}, report)


class Progress(Generic[Thing]):
    """A line at most every two seconds, the first after two; `sizes` in bytes."""

    def __init__(self, doing: str, sizes: Mapping[Thing, int], report: Report) -> None:
        self._doing, self._sizes, self._report = doing, sizes, report
        self._done_files, self._done_bytes = 0, 0
        self._told = time.monotonic()

    def count(self, thing: Thing) -> None:
        self._done_files += 1
        self._done_bytes += self._sizes[thing]

    def tell(self) -> None:
        if time.monotonic() - self._told >= QUIET_SECONDS:
            self._told = time.monotonic()
            self._report(
                f"{self._doing} {self._done_files} of {len(self._sizes)} files, "
                f"{self._done_bytes / _MEGABYTE:.1f} of {sum(self._sizes.values()) / _MEGABYTE:.1f} MB"
            )
