"""Accepted exceptions: findings that somebody has looked at and lets pass until a day, with the reason, in a file.

`accepted.toml` lies beside holdfast.toml and belongs under version control with it. Here it is read, written and
applied to what was judged. Only checks of deliveries, days and changes can be accepted: what guards the tables cannot.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from quality.verdict import Result
from warehouse.bounds import CHECKS
from warehouse.errors import UsageError
from warehouse.keys import Keys, did_you_mean

FILE_NAME = "accepted.toml"
ACCEPTABLE = ("share in quarantine", *CHECKS)
NOTE = "accepted exception"
_KEYS = ("check", "table", "column", "reason", "until")
_HEAD = "# What the gate found and somebody accepted, until the end of a day. `holdfast accept` adds to it.\n"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`check` of any table and column, or of the ones named; `until` is the last day it holds."""

    check: str
    reason: str
    until: date
    table: str | None = None
    column: str | None = None

    def covers(self, result: Result) -> bool:
        return (
            result.check == self.check
            and self.table in (None, result.table)
            and self.column in (None, result.column)
            and result.observed != "not judged"
        )


def read(folder: Path) -> tuple[Acceptance, ...]:
    """What is accepted, in the order of the file; nothing where there is none. Raises UsageError naming the key."""
    file = folder / FILE_NAME
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    listed = Keys("", values, ("accepted",)).values.get("accepted", [])
    if not isinstance(listed, list):
        raise UsageError(f"{file}: write [[accepted]] on a line of its own before each exception.")
    return tuple(_acceptance(number, one) for number, one in enumerate(listed, 1))


def add(folder: Path, acceptance: Acceptance) -> Path:
    """Writes one more exception down and returns the file. Raises UsageError where it makes no sense or the file is
    broken."""
    read(folder)
    _check(acceptance.check, "CHECK")
    values = {name: getattr(acceptance, name) for name in _KEYS}
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]
    file = folder / FILE_NAME
    before = file.read_text(encoding="utf-8") if file.exists() else _HEAD
    file.write_text("\n".join([before.rstrip("\n"), "", "[[accepted]]", *lines, ""]), encoding="utf-8")
    return file


def apply(results: Iterable[Result], acceptances: Sequence[Acceptance], today: date) -> list[Result]:
    """The results, with accepted failures no more than a warning that says so, and a note for every exception.

    One that has ended changes nothing any more, and is noted as ended.
    """
    in_force = [one for one in acceptances if one.until >= today]
    judged = [_eased(result, in_force) for result in results]
    return judged + [_note(one, today) for one in acceptances]


def _eased(result: Result, in_force: Sequence[Acceptance]) -> Result:
    by = next((one for one in in_force if one.covers(result)), None)
    if result.passed or by is None:
        return result
    message = f"Accepted until {by.until}: {by.reason} What was found: {result.message}"
    return replace(result, severity="warning" if result.severity == "critical" else "info", message=message)


def _note(one: Acceptance, today: date) -> Result:
    ended = one.until < today
    observed = f"ended on {one.until}" if ended else f"in force until {one.until}"
    advice = f"It counts no more: take it out of {FILE_NAME}, or accept the finding again." if ended else one.reason
    return Result(NOTE, one.table or "all", one.column, "info", False, observed, "none", advice, f"check: {one.check}")


def _acceptance(number: int, values: object) -> Acceptance:
    name = f"accepted[{number}]"
    if not isinstance(values, dict):
        raise UsageError(f"{FILE_NAME}: {name} must be a table with {', '.join(_KEYS)}.")
    keys = Keys(f"{FILE_NAME}: {name}", values, _KEYS)
    until = values.get("until")
    if not isinstance(until, date) or isinstance(until, datetime):
        raise UsageError(f"{keys.at('until')} must be a day such as 2026-12-31, without quotes, not {until!r}.")
    check = keys.required_text("check")
    _check(check, keys.at("check"))
    reason = keys.required_text("reason")
    return Acceptance(check, reason, until, keys.optional_text("table"), keys.optional_text("column"))


def _check(check: str, where: str) -> None:
    if check not in ACCEPTABLE:
        hint = did_you_mean(check, ACCEPTABLE)
        raise UsageError(
            f"{where}: {check!r} is no check that can be accepted.{hint} Those of deliveries, days and changes can: "
            f"{'; '.join(ACCEPTABLE)}."
        )


def _toml(value: str | date) -> str:
    return value.isoformat() if isinstance(value, date) else json.dumps(value).replace("\x7f", "\\u007f")
