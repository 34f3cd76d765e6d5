"""Jobs at once: outcomes in order, errors told, nothing left running, and few enough for the memory there is."""

from __future__ import annotations

import threading
import time

import pytest

from pipelines import engines
from pipelines.engines import LocalEngine, at_once


def test_two_jobs_run_at_once_and_their_outcomes_keep_the_order_of_the_jobs() -> None:
    both, done = threading.Barrier(2, timeout=5), []

    def job(number: int) -> int:
        both.wait()
        return number

    assert LocalEngine(lambda: done.append(threading.current_thread()), 2).map(job, [4, 3, 2, 1]) == [4, 3, 2, 1]
    assert done == [threading.current_thread()] * 4


def test_the_first_error_in_the_order_of_the_jobs_is_raised_and_what_waits_is_not_begun() -> None:
    begun, second_failed = [], threading.Event()

    def job(number: int) -> None:
        begun.append(number)
        if number == 0:
            second_failed.wait(5)
        elif number == 1:
            second_failed.set()
        else:
            time.sleep(0.01)
        raise ValueError(f"job {number}")

    with pytest.raises(ValueError, match="job 0"):
        LocalEngine(at_once=2).map(job, range(50))
    assert len(begun) < 50


def test_large_jobs_run_alone_and_small_ones_fill_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.pl, "thread_pool_size", lambda: 4)
    monkeypatch.setattr(engines, "ROWS_AT_ONCE", 100)
    assert [at_once([1, rows]) for rows in (10, 25, 26, 50, 51, 1_000)] == [4, 4, 3, 2, 1, 1]
    assert at_once([]) == 4
