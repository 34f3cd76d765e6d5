"""How fast the machine is while something runs: the same small piece of work, done again and again beside it.

On a machine that is shared the same run takes a fifth more CPU within minutes. A thread of the measured process does a
few thousandths of a second of fixed work twice a second and notes its own CPU: what the run took, times how many such
pieces a second was good for, is the same run's at any pace.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Final, Self

import numpy as np

_SECONDS: Final = 0.5
_VALUES: Final = np.random.default_rng(1).random(1 << 20)
_PLACES: Final = np.random.default_rng(2).integers(0, 1 << 20, 1 << 15)


class Pace:
    """`rate`: pieces of work a CPU second was good for, on average. They add three thousandths to what is measured."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="pace", daemon=True)
        self._costs: list[float] = []

    @property
    def rate(self) -> float:
        return float(np.mean(1 / np.array(self._costs)))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _keep(self) -> None:
        while True:
            begun = time.thread_time()
            _piece()
            self._costs.append(time.thread_time() - begun)
            if self._is_over.wait(_SECONDS):
                return


def _piece() -> float:
    """Reads here and there in eight megabytes, sorts, and counts in Python."""
    found = np.sort(_VALUES[_PLACES])
    total = 0.0
    for number in range(1 << 13):
        total += number
    return total + float(found[0])
