"""Runs the same function over many parts of the work. What the work is, an engine does not know.

A job may run more than once and anywhere: it is picklable, reads immutable files and writes under its own names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Protocol, TypeVar

import polars as pl

ROWS_AT_ONCE = 2_000_000
ROWS_OF_A_SMALL_JOB = 500_000

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


class Engine(Protocol):
    """Runs jobs and returns their outcomes in the order of the jobs."""

    def map(self, function: Callable[[Job], Outcome], jobs: Sequence[Job]) -> list[Outcome]: ...


class LocalEngine:
    """Jobs in threads of this process, some at once; outcomes are in the order of the jobs, the first error ends it.

    Polars computes outside the interpreter's lock. `done` is called after each job, in the caller's thread. Where all
    jobs are small, its in-memory engine takes a third less time than the streaming one.
    """

    def __init__(self, done: Callable[[], None] = lambda: None, at_once: int = 1, are_small: bool = False) -> None:
        self._done = done
        self._at_once = at_once
        self._are_small = are_small

    def map(self, function: Callable[[Job], Outcome], jobs: Sequence[Job]) -> list[Outcome]:
        # For the process, and not by a job for itself: jobs in threads would undo each other's.
        with pl.Config(engine_affinity="in-memory") if self._are_small else nullcontext():
            return self._mapped(function, jobs)

    def _mapped(self, function: Callable[[Job], Outcome], jobs: Sequence[Job]) -> list[Outcome]:
        if self._at_once == 1 or len(jobs) < 2:
            return [self._finished(function(job)) for job in jobs]
        with ThreadPoolExecutor(self._at_once, "job") as threads:
            try:
                return [self._finished(outcome) for outcome in threads.map(function, jobs)]
            finally:
                threads.shutdown(cancel_futures=True)

    def _finished(self, outcome: Outcome) -> Outcome:
        self._done()
        return outcome


def at_once(rows: Sequence[int]) -> int:
    """How many of the jobs that read so many rows each to run at once.

    Small ones leave cores idle, so there is one for each core; a large one uses every core by itself, and alone it
    needs the least memory: together they read no more than ROWS_AT_ONCE.
    """
    largest = max(rows, default=0)
    return max(1, min(pl.thread_pool_size(), ROWS_AT_ONCE // max(1, largest)))


def are_small(rows: Sequence[int]) -> bool:
    """Whether all the jobs that read so many rows each fit in memory with ease, whatever they do with them."""
    return max(rows, default=0) <= ROWS_OF_A_SMALL_JOB
