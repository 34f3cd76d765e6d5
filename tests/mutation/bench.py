"""A process of its own in which mutants are tried, as one may hang, eat all memory or break the process."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import polars as pl

from tests.mutation.businesses import Business
from tests.mutation.judge import killer
from tests.mutation.mutants import Mutant

SECONDS = 60
BYTES = 8 << 30


class Bench:
    """One process in which mutants are tried; a mutant that hangs or breaks it is killed, and it is made anew."""

    def __init__(self, businesses: Sequence[Path]) -> None:
        self._businesses = businesses
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def killer(self, mutant: Mutant) -> str | None:
        self._pipe.send(mutant)
        while self._pipe.poll(SECONDS):
            try:
                is_over, what = self._pipe.recv()
            except EOFError:
                self._restart()
                return "it breaks the process"
            if is_over:
                return what  # type: ignore[no-any-return]
        self._restart()
        return "it does not end"

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
    """Judges the mutants that come through the pipe. The tests that found out the last ones are tried first."""
    import resource

    pl.Config.set_engine_affinity("in-memory")  # half the time on frames this small
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    businesses: list[Business] = [pickle.loads(path.read_bytes()) for path in paths]
    while True:
        mutant = pipe.recv()
        try:
            by = killer(mutant, businesses, lambda name: pipe.send((False, name)))
        except BaseException as error:  # a panic of Polars is no Exception
            by = f"it fails: {type(error).__name__}"
        pipe.send((True, by))
        businesses.sort(key=lambda one: one.name != by)
