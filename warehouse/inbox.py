"""Finds the files of a source and what is new among them; reads them whole, and only when they stand still.

Here belongs what can be known of a file without understanding it. Imports stay light (no Polars).
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from warehouse.config import Config
from warehouse.errors import SourceError, UsageError

ENDINGS: Mapping[str, str] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".parquet": "parquet",
}

# Where these are missing, a file is read again whenever a backfill asks for its days.
_NOTED_LATER = {"waits_before", "read_by"}


@dataclass(frozen=True, slots=True, order=True)
class InboxFile:
    """A file as it was seen. `path` is relative to the configuration's folder, with slashes."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run noted of a file it took: its stat, its digest, how it was read then, and its days (ISO).

    `due_on` is the day on which rows that lay in the future will have been. Rows of days before `waits_before` were too
    late. `read_by` is the version of the program.
    """

    size: int
    mtime_ns: int
    sha256: str
    reading: str
    first_day: str | None
    last_day: str | None
    due_on: str | None = None
    waits_before: str | None = None
    read_by: str | None = None

    def is_due(self, today: date) -> bool:
        """Whether rows that lay in the future when it was taken lie there no more."""
        return self.due_on is not None and self.due_on <= today.isoformat()

    @staticmethod
    def names() -> list[str]:
        """What is noted of a file, in order."""
        return [field.name for field in fields(Known)]

    @staticmethod
    def of(names: Sequence[str], values: object) -> Known | None:
        """From values noted under these names; None where another version of Holdfast noted less: then the file has to
        be looked at anew. What it noted besides is of no concern."""
        noted: dict[str, Any] = dict(zip(names, values, strict=False)) if isinstance(values, list) else {}
        known = {name: noted[name] for name in Known.names() if name in noted}
        return Known(**known) if known.keys() >= set(Known.names()) - _NOTED_LATER else None

    def has_days_of(self, days: tuple[date, date]) -> bool:
        """Whether it may have rows of these days, first and last included."""
        first, last = days
        if self.first_day is None or self.last_day is None:
            return False
        return self.first_day <= last.isoformat() and first.isoformat() <= self.last_day


def discover(config: Config, source: str) -> list[InboxFile]:
    """The files that the source's path names now, by path; hidden ones (a name starting with . or _) are left alone.

    Raises UsageError where the path names a folder or a file without a known ending.
    """
    pattern = config.sources[source].path
    found = []
    for name in sorted(glob.glob(pattern, root_dir=config.folder, recursive=True)):  # noqa: PTH207
        file = seen(config, Path(name).as_posix())
        if file is None or _is_hidden(name, pattern):
            continue
        if not file.path.lower().endswith(tuple(ENDINGS)):
            raise UsageError(
                f"{config.sources[source].key}.path: {file.path} has none of the endings {', '.join(ENDINGS)}; "
                "narrow the path, or rename the file."
            )
        found.append(file)
    return found


def seen(config: Config, path: str) -> InboxFile | None:
    """The file's stat; None where there is no such file (any more), or it is a folder."""
    full = config.folder / path
    try:
        stat = full.stat()
    except OSError:
        return None
    return InboxFile(path, stat.st_size, stat.st_mtime_ns) if full.is_file() else None


def is_news(config: Config, file: InboxFile, known: Known | None, reading: str) -> bool:
    """Whether the file has to be taken: never taken, or with other content, or to be read in another way now.

    A file with the size and time it was taken with is believed to be the same; else its content is compared.
    """
    if known is None or known.reading != reading:
        return True
    if (known.size, known.mtime_ns) == (file.size, file.mtime_ns):
        return False
    return digest(config, file) != known.sha256


def digest(config: Config, file: InboxFile) -> str:
    """The sha256 of the file's bytes. Raises SourceError."""
    try:
        return _digest(config.folder / file.path, file)
    except OSError as error:
        raise SourceError(f"{file.path} cannot be read: {error.strerror}.") from error


@lru_cache(maxsize=256)
def _digest(path: Path, file: InboxFile) -> str:
    """Of a file of this size and time: a run asks for it more than once."""
    del file
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_still(config: Config, file: InboxFile) -> bytes | None:
    """All bytes of the file; None where it is not as it was seen, before or after: it is still being written."""
    if seen(config, file.path) != file:
        return None
    try:
        content = (config.folder / file.path).read_bytes()
    except OSError as error:
        raise SourceError(f"{file.path} cannot be read: {error.strerror}.") from error
    return content if len(content) == file.size and seen(config, file.path) == file else None


def _is_hidden(name: str, pattern: str) -> bool:
    """Whether a name that the pattern leaves open starts with . or _ ."""
    written = set(Path(pattern).parts)
    return any(part.startswith((".", "_")) and part not in written for part in Path(name).parts if part != "..")
