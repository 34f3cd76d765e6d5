"""Every change a process makes to its files, one call at a time: to write down, or to end before one of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

CHANGES = (
    "open",
    "write",
    "fsync",
    "fchmod",
    "replace",
    "rename",
    "link",
    "symlink",
    "mkdir",
    "rmdir",
    "unlink",
    "ftruncate",
)


class Calls:
    """While installed, `before(name, arguments)` is told of each call, `after(name, arguments, result)` of its end."""

    def __init__(
        self, before: Callable[[str, tuple[Any, ...]], None], after: Callable[[str, tuple[Any, ...], Any], None]
    ) -> None:
        self._before = before
        self._after = after
        self._real: dict[str, Any] = {name: getattr(os, name) for name in CHANGES}
        self._connect = duckdb.connect

    def __enter__(self) -> Calls:
        for name, call in self._real.items():
            setattr(os, name, self._watched(name, call))
        duckdb.connect = self._watched("connect", self._connect)
        return self

    def __exit__(self, *_: object) -> None:
        for name, call in self._real.items():
            setattr(os, name, call)
        duckdb.connect = self._connect

    def _watched(self, name: str, call: Any) -> Any:  # noqa: ANN401
        def watched(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            if name == "open" and not arguments[1] & (os.O_CREAT | os.O_TRUNC):
                result = call(*arguments, **options)
            else:
                self._before(name, arguments)
                result = call(*arguments, **options)
            self._after(name, arguments, result)
            return result

        return watched


class KilledError(BaseException):
    """Stands for the end of the process."""


def dead_before(number: int) -> Calls:
    """From the change of that number (from 1) on nothing reaches the disk, as after a kill; a write is half done."""
    count = 0

    def before(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        count += 1
        if count == number and name == "write":
            real_write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
        if count >= number:
            raise KilledError

    real_write = os.write
    return Calls(before, lambda name, arguments, result: None)


class Dirt:
    """What a power cut would lose: files and folders changed since they were last synced."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()
        self.at_commit: set[Path] | None = None
        self._open: dict[int, Path] = {}

    def recorder(self) -> Calls:
        return Calls(self._note_commit, self._note)

    def _note_commit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "rename" and Path(arguments[1]).parent.name == "releases":
            self.at_commit = set(self.paths)

    def _note(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:  # noqa: ANN401
        first = arguments[0]
        if name == "open":
            self._open[result] = Path(first)
            if arguments[1] & os.O_CREAT:
                self.paths |= {Path(first), Path(first).parent}
        elif name == "fsync":
            self.paths.discard(self._open[first])
        elif name in ("write", "fchmod", "ftruncate"):
            self.paths.add(self._open[first])
        elif name in ("replace", "rename"):
            self._move(Path(first), Path(arguments[1]))
        elif name in ("link", "symlink"):
            self.paths.add(Path(arguments[1]).parent)
        elif name in ("connect", "mkdir"):
            self.paths |= {Path(first), Path(first).parent}
        elif name in ("unlink", "rmdir") and isinstance(first, str | Path) and Path(first).is_absolute():
            self.paths.discard(Path(first))
            self.paths.add(Path(first).parent)

    def _move(self, source: Path, target: Path) -> None:
        moved = {path for path in self.paths if path.is_relative_to(source)}
        self.paths = self.paths - moved | {target / path.relative_to(source) for path in moved}
        self.paths |= {source.parent, target.parent}
