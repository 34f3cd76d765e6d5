"""Ends a process with SIGKILL: after a while, or on its way into the n-th call of one system call.

The second needs strace, which kills between the call and its effect; nothing in the process is changed for it.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.releases.business", "tests.releases.calls", "tests.releases.readers", "warehouse.store", "warehouse.views"]
)
STRACE = shutil.which("strace")
CALLS = (
    "open",
    "openat",
    "creat",
    "write",
    "pwrite64",
    "writev",
    "fsync",
    "fdatasync",
    "fallocate",
    "ftruncate",
    "truncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
)
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)")
Work = Callable[[Path], object]


def kill_after(work: Work, home: Path, seconds: float) -> tuple[bool, float]:
    """Starts the work and kills it that long after it began to write; whether it was still at work, and how long it
    worked."""
    process = PROCESSES.Process(target=work, args=(home,))
    process.start()
    while process.is_alive() and not list((home / "staging").iterdir()):
        time.sleep(0.001)
    began = time.monotonic()
    process.join(seconds)
    worked = time.monotonic() - began
    process.kill()
    process.join()
    return process.exitcode != 0, worked


def changing_calls(work: Work, home: Path, log: Path) -> list[tuple[str, int]]:
    """Lets the work come through and lists its calls that change files: the name, and which of that name it was."""
    process = _traced(work, home, log, [])
    assert process.exitcode == 0
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text().splitlines():
        if called := _LINE.match(line):
            thread, name, arguments = called.groups()
            if thread == str(process.pid):
                counts[name] = counts.get(name, 0) + 1
                if name not in ("open", "openat") or "O_CREAT" in arguments or "O_TRUNC" in arguments:
                    found.append((name, counts[name]))
    return found


def kill_before(work: Work, home: Path, log: Path, call: tuple[str, int]) -> bool:
    """Kills the work on its way into that call; False where it came through without one."""
    name, number = call
    process = _traced(work, home, log, ["-e", f"inject={name}:signal=KILL:when={number}"])
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _traced(work: Work, home: Path, log: Path, options: list[str]) -> BaseProcess:
    assert STRACE
    process = PROCESSES.Process(target=_wait_then, args=(work, home))
    process.start()
    assert process.pid is not None
    _until(process.pid, "State", "T")
    known = ",".join(f"?{name}" for name in CALLS)  # not every name exists on every machine
    tracer = subprocess.Popen(
        [STRACE, "-f", "-qq", "-o", log, "-e", f"trace={known}", *options, "-p", str(process.pid)]
    )
    _until(process.pid, "TracerPid", str(tracer.pid))
    os.kill(process.pid, signal.SIGCONT)
    process.join()
    tracer.wait()
    return process


def _wait_then(work: Work, home: Path) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    work(home)


def _until(pid: int, field: str, value: str) -> None:
    status, wanted = Path(f"/proc/{pid}/status"), re.compile(rf"^{field}:\s+{value}\b", re.MULTILINE)
    while not wanted.search(status.read_text()):
        time.sleep(0.002)
