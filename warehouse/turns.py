"""Lets the sources of one run, taken in at the same time, change what they share one after the other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from warehouse.draft import Draft


@contextmanager
def alone(draft: Draft, what: str) -> Iterator[None]:
    """Waits until no other process of the run changes `what` in the draft."""
    descriptor = os.open(draft.folder / f".{what}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
