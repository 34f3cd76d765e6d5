"""Runs the same function over many parts of the work. What the work is, an engine does not know.

A job may run more than once and anywhere: it is picklable, reads immutable files and writes under its own names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


class Engine(Protocol):
    """Runs jobs and returns their outcomes in the order of the jobs."""

    def map(self, function: Callable[[Job], Outcome], jobs: Sequence[Job]) -> list[Outcome]: ...


class LocalEngine:
    """One job after another in this process: Polars uses every core, and peak memory is that of one job.

    `done` is called after each job.
    """

    def __init__(self, done: Callable[[], None] = lambda: None) -> None:
        self._done = done

    def map(self, function: Callable[[Job], Outcome], jobs: Sequence[Job]) -> list[Outcome]:
        return [self._outcome(function, job) for job in jobs]

    def _outcome(self, function: Callable[[Job], Outcome], job: Job) -> Outcome:
        outcome = function(job)
        self._done()
        return outcome
