"""How an error inside a step leaves it: retried only where trying again can help, otherwise at once and clearly."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import dagster as dg

from warehouse.errors import HoldfastError


class Attempted(Protocol):
    """What a step's context tells of it."""

    @property
    def retry_number(self) -> int: ...


IO_RETRIES = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL)
TRANSIENT = {errno.EIO, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET}


@contextmanager
def failing_clearly(context: Attempted) -> Iterator[None]:
    """Lets transient input/output errors through to the retry policy; any other one, or the last, ends the run."""
    try:
        yield
    except Exception as error:
        if context.retry_number < IO_RETRIES.max_retries and any(_is_transient(cause) for cause in causes(error)):
            raise
        raise dg.Failure(description=str(error), allow_retries=False) from error


def told(error: BaseException) -> BaseException:
    """The error a user should hear of: what Holdfast says itself, else what a step failed with."""
    chain = list(causes(error))
    own = next((one for one in chain if isinstance(one, HoldfastError)), None)
    return own or next((one for one in chain if not isinstance(one, dg.Failure)), error)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, and so on."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in TRANSIENT
