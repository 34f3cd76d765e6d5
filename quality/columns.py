"""Schema drift: columns of a file that are gone, new, of another type or without values, against earlier files like it.

Here belongs only the comparison of what the ledger noted of each file. Files are alike that have the same name, numbers
apart; where there are too few of them, all of the same format stand in: what nearly every one of those had is usual.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from quality.profile import Profile
from quality.verdict import Observation, Severity
from warehouse import shapes
from warehouse.bounds import Bounds
from warehouse.inbox import ENDINGS

LEAST_FILES = 3
RECENT_FILES = 28
SHOWN = 5
GONE, FILLED = "columns are still there", "columns still have values"
RETYPED, NEW = "columns keep their type", "columns are known"

Noted = Mapping[str, str]
_read = cache(shapes.read)


def observe(profile: Profile, bounds: Bounds) -> list[Observation]:
    """Every new file of the judged days, and of a source without days every new file, against those before it."""
    found: list[Observation] = []
    seen = _Seen()
    for line in profile.files.sort("last_day", "path").iter_rows(named=True):
        is_judged = line["last_day"] is None or not profile.judged or line["last_day"] >= profile.judged[0]
        if line["is_new"] and is_judged:
            found += _judged(profile.source, line, seen, bounds.usual_columns)
        seen.add(line)
    return found


class _Seen:
    """What earlier files looked like, by what makes files alike."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], list[Noted]] = defaultdict(list)

    def add(self, line: Mapping[str, Any]) -> None:
        for what in ("columns", "filled"):
            if line[what] is not None:
                for alike in _likenesses(line["path"]):
                    self._files[what, alike].append(_read(line[what]))

    def like(self, line: Mapping[str, Any], what: str) -> Sequence[Noted]:
        """The recent files like this one; none where they are too few to tell what is usual."""
        name, ending = (self._files[what, alike][-RECENT_FILES:] for alike in _likenesses(line["path"]))
        if len(name) >= LEAST_FILES:
            return name
        former = line.get(f"former_{what}")
        if former is not None:
            return [_read(former)]
        return ending if len(ending) >= LEAST_FILES else []


def _likenesses(path: str) -> tuple[str, str]:
    """The name without its numbers, and the format."""
    ending = next((one for one in ENDINGS if path.lower().endswith(one)), "")
    return re.sub(r"\d+", "#", path), ending


def _judged(source: str, line: Mapping[str, Any], seen: _Seen, most: float) -> list[Observation]:
    found: list[Observation] = []

    def told(check: str, observed: float, high: float, severity: Severity, message: str) -> None:
        found.append(Observation(check, source, observed, None, high, severity, message, where=line["path"]))

    gone: dict[str, float] = {}
    if line["columns"] is not None and (before := seen.like(line, "columns")):
        now = _read(line["columns"])
        gone = _missed(now, before)
        new = sorted(name for name in now if _is_regular(now[name]) and not any(name in one for one in before))
        retyped = {name: _share(before, name, _has_other_type(now[name])) for name in now}
        come = f" New is {_listed(new)}: was something renamed?" if new else ""
        told(
            GONE,
            max(gone.values(), default=0.0),
            most,
            "warning",
            f"The file lacks {_listed(_above(gone, most))}, usual in the {len(before)} files like it before. What is "
            f"made from it is missing from these rows.{come} Have it delivered again as before.",
        )
        told(NEW, len(new), 0, "info", f"The file has {_listed(new)}, which no file like it had before.")
        types = ", ".join(f"{name!r} is {now[name].rstrip(shapes.RARELY)} now" for name in _above(retyped, most))
        told(
            RETYPED,
            max(retyped.values(), default=0.0),
            most,
            "warning",
            f"Of another type than in the {len(before)} files like it before: {types}. Are its values still read as "
            "they are meant?",
        )
    if line["filled"] is not None and (before := seen.like(line, "filled")):
        bare = {name: share for name, share in _missed(_read(line["filled"]), before).items() if name not in gone}
        told(
            FILLED,
            max(bare.values(), default=0.0),
            most,
            "warning",
            f"No row of the file has a value for {_listed(_above(bare, most))}; of the {len(before)} files like it "
            "before nearly all had. Has the export changed? Have it delivered again.",
        )
    return found


def _missed(now: Noted, before: Sequence[Noted]) -> dict[str, float]:
    """Of each column that is not there: the share of earlier files in which it was in most rows."""
    names = {name for one in before for name in one if name not in now}
    return {name: _share(before, name, _is_regular, len(before)) for name in sorted(names)}


def _share(before: Sequence[Noted], name: str, holds: Callable[[str], bool], of: int = 0) -> float:
    """The share of earlier files, or of those with the column, in which this holds of it."""
    having = [one[name] for one in before if name in one]
    return sum(map(holds, having)) / (of or len(having) or 1)


def _is_regular(noted: str) -> bool:
    return not noted.endswith(shapes.RARELY)


def _has_other_type(now: str) -> Callable[[str], bool]:
    mine = now.rstrip(shapes.RARELY)
    return lambda before: bool(mine) and before.rstrip(shapes.RARELY) not in ("", mine)


def _above(shares: Mapping[str, float], most: float) -> list[str]:
    return [name for name, share in shares.items() if share > most]


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return (", ".join(map(repr, every[:SHOWN])) or "nothing") + more
