"""Great Expectations in a process of its own: its import takes seconds, and needs a core, not this process.

It is started once something is known to need a verdict, imports while tables are computed, and is asked once. Another
process cannot see packages half loaded, as a thread beside Dagster's imports can. No answer is a failure of the gate.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from quality import expectations
from quality.expectations import Bounded, NotJudgedError

LONGEST_SECONDS = 600
# The search path of this process, so that it is this very package: the working folder may hold one of the same name.
_SERVE = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from quality.expectations import serve; serve()"


class Judging:
    """The other process, from `start` on; it ends with this one."""

    def __init__(self, code: str = _SERVE) -> None:
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        atexit.register(self.end)

    @property
    def is_ready(self) -> bool:
        """Whether this process may ask: a fork of the one that started it may not."""
        return self.owner == os.getpid() and self._process.poll() is None

    def failed(self, bounded: Sequence[Bounded]) -> set[int]:
        """The places of the numbers outside of their bounds. Raises NotJudgedError."""
        watch = threading.Timer(LONGEST_SECONDS, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(bounded) + "\n")
            self._process.stdin.flush()
            return _read(self._process.stdout.readline(), len(bounded))
        except OSError as error:
            raise NotJudgedError(f"The process that judges is gone: {error}") from error
        finally:
            watch.cancel()

    def end(self) -> None:
        """Ends the other process; only who started it does."""
        if self.owner == os.getpid():
            self._process.kill()
            self._process.wait()


_started: Judging | None = None


def start() -> None:
    """Begins to import beside what is computed, unless that has begun, or is done in this process already."""
    global _started
    if expectations.NAME not in sys.modules and (_started is None or not _started.is_ready):
        _started = Judging()


def failed(bounded: Sequence[Bounded]) -> set[int]:
    """The places of the numbers that are missing or outside of their bounds.

    Raises NotJudgedError, or what the library raises.
    """
    if expectations.NAME in sys.modules:
        return expectations.Judge().failed(bounded)
    start()
    assert _started is not None
    return _started.failed(bounded)


def _read(line: str, asked: int) -> set[int]:
    """The answer, if it is one to exactly what was asked."""
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise NotJudgedError("Great Expectations gave no answer") from error
    if "error" in answer:
        raise NotJudgedError(str(answer["error"]))
    found = set(answer["failed"])
    if answer["judged"] != asked or not found <= set(range(asked)):
        raise NotJudgedError("Great Expectations answered something else")
    return found
