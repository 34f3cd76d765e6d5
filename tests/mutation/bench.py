"""A process of its own in which mutants are tried, as one may never end, eat all memory or break the process.

What killed a mutant the last time is tried first, then what killed the last few others.

How long it works is counted in CPU time, so that a machine that stalls kills no mutant.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import polars as pl

from tests.mutation.businesses import Business
from tests.mutation.judge import fails, killer
from tests.mutation.mutants import Mutant

CPU_SECONDS = 20  # of one test; the longest takes one
HANGS = 3600  # seconds without a word: it waits for something that never comes
BYTES = 8 << 30
RECENT = 12


class Unsound(Exception):
    """A test that fails on the module as it is, so that it says nothing about mutants."""


class Bench:
    """One process in which mutants are tried; it is made anew after a mutant that breaks it."""

    def __init__(self, businesses: Sequence[Path], killers: Path) -> None:
        """`killers` is a file that remembers what killed which mutant."""
        self._businesses, self._path = businesses, killers
        self._killers: dict[str, dict[str, str]] = json.loads(killers.read_text()) if killers.exists() else {}
        self._recent: list[str] = []
        self._context = multiprocessing.get_context("spawn")
        self._sound: set[tuple[str, str]] = set()
        self._start()

    def killer(self, mutant: Mutant, original: Mutant) -> str | None:
        """What finds the mutant out, None where it survives.

        Raises Unsound where that test fails on the original as well.
        """
        known = self._killers.setdefault(mutant.module, {})
        by, test = self._tried(mutant, None, [*filter(None, [known.get(mutant.name)]), *self._recent])
        if by is not None and test:
            known[mutant.name] = test
            self._recent = [test, *(one for one in self._recent if one != test)][:RECENT]
        if by is not None and (mutant.module, test) not in self._sound:
            wrong, _ = self._tried(original, test)
            if wrong is not None:
                raise Unsound(f"{mutant.module} as it is does not pass {test or 'being imported'}: {wrong}")
            self._sound.add((mutant.module, test))
        return by

    def _tried(self, mutant: Mutant, only: str | None, first: Sequence[str] = ()) -> tuple[str | None, str]:
        """What killed it, and the last test that began."""
        test = ""
        self._pipe.send((mutant, only, first))
        while self._pipe.poll(HANGS):
            try:
                is_over, what = self._pipe.recv()
            except EOFError:
                self._process.join()
                did_not_end = self._process.exitcode == -signal.SIGPROF
                self._restart()
                return "it does not end" if did_not_end else "it breaks the process", test
            if is_over:
                return what, test
            test = what
        self._restart()
        return "it hangs", test

    def remember(self) -> None:
        """Writes down what killed which mutant."""
        self._path.write_text(json.dumps(self._killers, indent=1))

    def close(self) -> None:
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(theirs, self._businesses), daemon=True)
        self._process.start()
        theirs.close()

    def _restart(self) -> None:
        self.close()
        self._start()


def _work(pipe: Connection, paths: Sequence[Path]) -> None:
    """Judges the mutants that come through the pipe."""
    import resource

    pl.Config.set_engine_affinity("in-memory")  # half the time on frames this small
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    businesses: list[Business] = [pickle.loads(path.read_bytes()) for path in paths]

    def begins(name: str) -> None:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # at its end the process is over
        pipe.send((False, name))

    while True:
        mutant, only, first = pipe.recv()
        try:
            by = killer(mutant, businesses, begins, first) if only is None else fails(mutant, businesses, only, begins)
        except BaseException as error:  # a panic of Polars is no Exception
            by = f"it fails: {type(error).__name__}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send((True, by))
