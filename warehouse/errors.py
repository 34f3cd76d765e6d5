"""The errors users meet, and nothing else.

Each message says what is wrong, where (file, row, key) and what to do. The exit code an error ends a command with is
declared here, so that every command agrees. Programming mistakes stay ordinary Python errors.
"""

from __future__ import annotations

from typing import ClassVar


class HoldfastError(Exception):
    """Something a user can mend; `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 1


class UsageError(HoldfastError):
    """The configuration or the command line is wrong."""

    exit_code: ClassVar[int] = 2


class GateRefused(HoldfastError):
    """The audit blocked the candidate, or there is no verdict for exactly this candidate; nothing was published."""

    exit_code: ClassVar[int] = 3


class PublishConflict(HoldfastError):
    """Another publisher holds the warehouse or has moved the head since this run began."""

    exit_code: ClassVar[int] = 4

    @classmethod
    def lost_to(cls, number: int | None, base: int | None, where: str = "") -> PublishConflict:
        """A run that worked on release `base` lost to the one that made release `number`."""
        worked_on = "an empty warehouse" if base is None else f"release {base}"
        return cls(f"Release {number} was published{where} while this run worked on {worked_on}: nothing is published.")


class SourceError(HoldfastError):
    """An input file cannot be read as what it claims to be; the run stops and names it."""


class StorageError(HoldfastError):
    """The disk or the warehouse folder failed: full, damaged, missing, or leading out of its root."""
