"""What a table, partition, tag or run may be called, which month a partition is of, and that no path leads out of the
warehouse.

Every name becomes part of a path, so each is checked where it enters. What the files hold is none of this module's
business.
"""

from __future__ import annotations

import os
import re
import stat
from datetime import date
from pathlib import Path

from warehouse.errors import StorageError

WHOLE = "whole"
MONTH = "month="
_WORD = re.compile(r"[a-z][a-z0-9_]{0,99}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_STEP = r"[a-z][a-z0-9_]{0,99}=[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_PARTITION = re.compile(rf"{_STEP}(/{_STEP})*")
_DATA_FILE = re.compile(r"data(/[A-Za-z0-9][A-Za-z0-9._=-]*)+\.parquet")


def check_word(kind: str, name: str) -> str:
    """The name of a layer or table: lower case letters, digits and underscores. Raises StorageError."""
    return _check(_WORD, kind, name, "lower case letters, digits and _, a letter first")


def check_label(kind: str, name: str) -> str:
    """The name of a tag or run: letters, digits, dot, dash and underscore. Raises StorageError."""
    return _check(_LABEL, kind, name, "letters, digits, '.', '-' and '_', a letter or digit first")


def month_in(partition: str) -> str | None:
    """The YYYY-MM of a partition of one month, else None."""
    last = partition.rpartition("/")[2]
    return last.removeprefix(MONTH) if last.startswith(MONTH) else None


def may_have_days_from(partition: str, day: date) -> bool:
    """Whether rows of that day or of a later one may lie in the partition: not in one of an earlier month."""
    month = month_in(partition)
    return month is None or month >= f"{day:%Y-%m}"


def check_partition(name: str) -> str:
    """`whole`, or `key=value` steps joined by slashes. Raises StorageError."""
    return name if name == WHOLE else _check(_PARTITION, "partition", name, "'whole' or key=value/key=value")


def check_data_path(path: str) -> str:
    """The path of a data file relative to the warehouse's home: below data/, never upwards. Raises StorageError."""
    return _check(_DATA_FILE, "data file", path, "a relative path data/.../name.parquet")


def check_inside(home: Path, path: Path) -> Path:
    """The path, if no symbolic link lies on the way from `home` to it; parts that do not exist yet are fine.

    Raises StorageError.
    """
    step = home
    for part in path.relative_to(home).parts:
        step = step / part
        try:
            mode = os.lstat(step).st_mode
        except FileNotFoundError:
            return path
        if stat.S_ISLNK(mode):
            raise StorageError(
                f"{step} is a symbolic link, which could lead out of the warehouse: replace it by a folder"
            )
    return path


def _check(pattern: re.Pattern[str], kind: str, name: str, allowed: str) -> str:
    if not pattern.fullmatch(name):
        raise StorageError(f"{name!r} cannot be the name of a {kind}; allowed: {allowed}")
    return name
