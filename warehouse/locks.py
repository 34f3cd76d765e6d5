"""Who may change the warehouse now: one run at a time, one publisher at a time.

The operating system holds the locks, so those of a killed process are free again. Readers take none.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from warehouse import durable
from warehouse.errors import PublishConflict


class RunLock:
    """Held by a whole run, and by what sweeps up after runs. A second holder is told who holds it; it does not wait."""

    def __init__(self, home: Path) -> None:
        self.home = Path(home).absolute()
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None

    def __enter__(self) -> RunLock:
        """Raises PublishConflict naming the process that holds the lock."""
        descriptor = _open(self.home / ".lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "unknown process"
            os.close(descriptor)
            raise PublishConflict(
                f"Another run holds the warehouse {self.home} ({holder}): wait for it to end and run again"
            ) from None
        try:
            with durable.explained("write the lock", self.home / ".lock"):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"pid {os.getpid()} since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            try:
                os.ftruncate(self._descriptor, 0)
            finally:
                os.close(self._descriptor)
                self._descriptor = None


@contextmanager
def run_lock(home: Path, held: RunLock | None) -> Iterator[RunLock]:
    """The lock the caller holds already, or one of its own for as long as the block lasts."""
    if held is not None:
        if not held.is_held or held.home != Path(home).absolute():
            raise ValueError(f"the lock given is not held for {home}")
        yield held
    else:
        with RunLock(home) as own:
            yield own


@contextmanager
def publish_lock(home: Path) -> Iterator[None]:
    """Held for the second or so a commit takes; waits for its turn."""
    descriptor = _open(home / ".publish.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    durable.make_folder(path.parent)
    with durable.explained("open the lock", path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
