"""How far a step is: parts and rows done, and the time that is left if the rest goes like what is done."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Call `done` after each part; `tell` gets a line for it. `rows` are those each part reads."""

    def __init__(self, tell: Callable[[str], None], what: str, rows: list[int]) -> None:
        self._tell = tell
        self._what = what
        self._rows = rows
        self._done = 0
        self._began = time.monotonic()

    def done(self) -> None:
        """One more part is done; says nothing of a step that is one part."""
        self._done += 1
        if len(self._rows) > 1:
            self._tell(f"{self._what}{self._done} of {len(self._rows)} parts, {self._read()}{self._left()}")

    def _read(self) -> str:
        return f"{sum(self._rows[: self._done]):,} of {sum(self._rows):,} rows"

    def _left(self) -> str:
        """Estimated by rows: parts differ in size."""
        read, left = sum(self._rows[: self._done]), sum(self._rows[self._done :])
        if not read or not left:
            return ""
        return f", about {duration((time.monotonic() - self._began) * left / read)} left"


def duration(seconds: float) -> str:
    """Seconds as a person says them: 8 s, 3 min, 1 h 20 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
