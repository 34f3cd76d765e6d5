"""What is wrong with a text file that cannot be read, and in which line: found by looking again, more slowly.

Where single rows are to blame, they can be set aside and the others read.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from warehouse.keys import first_line


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be taken apart into fields: its first line, how many it takes, why, and what it holds."""

    row: int
    lines: int
    reason: str
    raw: str


def unreadable_rows(kind: str, content: bytes) -> list[Unreadable]:
    """The rows without which the rest can be read; none where it cannot be told where such a row ends."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return []
    return list(_unreadable_in_csv(text) if kind == "csv" else _unreadable_in_json(text))


def without(content: bytes, rows: Iterable[Unreadable]) -> bytes:
    """The content with the lines of these rows left blank, so that all others keep their numbers."""
    lines = content.split(b"\n")
    for one in rows:
        for number in range(one.row - 1, one.row - 1 + one.lines):
            lines[number] = b""
    return b"\n".join(lines)


def _unreadable_in_csv(text: str) -> list[Unreadable]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Unreadable] = []
    width = last = 0
    while True:
        first = last + 1
        try:
            row = next(reader)
            last = reader.line_num
            width = width or len(row)
            if any(row[width:]) or len(row) > width + 1:  # a comma at the end does no harm
                reason = f"{len(row)} fields, {width} in the header: quote what holds commas"
                found.append(Unreadable(first, last - first + 1, reason, json.dumps(row, ensure_ascii=False)))
        except StopIteration:
            return found
        except csv.Error as error:
            last = reader.line_num
            if last != first or not width:
                return []  # a quote left open: whose lines these are cannot be told
            raw = json.dumps(text.split("\n")[first - 1].rstrip("\r"), ensure_ascii=False)
            found.append(Unreadable(first, 1, f"a quote is not closed or not doubled ({error})", raw))


def _unreadable_in_json(text: str) -> Iterator[Unreadable]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                if not isinstance(json.loads(line, parse_constant=_no_json), dict):
                    yield Unreadable(number, 1, "not a JSON object", line)
            except json.JSONDecodeError as error:
                yield Unreadable(number, 1, f"not JSON: {error.msg} at column {error.colno}", line)


def _no_json(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is no value", constant, 0)


def of_text(name: str, kind: str, content: bytes, error: BaseException) -> str:
    """A message that names file and line; `error` is what the fast reader said."""
    try:
        text = content.decode()
    except UnicodeDecodeError as broken:
        line = content.count(b"\n", 0, broken.start) + 1
        return f"{name}, line {line}: not text in UTF-8: {encoding_hint(content)}."
    found = _broken_csv_line(text) if kind == "csv" else _broken_json_line(text)
    return f"{name}{found or ': ' + first_line(error)}"


def _broken_csv_line(text: str) -> str | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        width = len(next(reader))
        for row in reader:
            if len(row) > width:
                return f", line {reader.line_num}: {len(row)} fields, {width} in the header; quote what holds commas."
    except csv.Error as error:
        return f", line {reader.line_num}: {error}. Is a quote not closed or not doubled?"
    return None


def _broken_json_line(text: str) -> str | None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                if not isinstance(json.loads(line), dict):
                    return f", line {number}: not a JSON object; write one {{...}} a line."
            except json.JSONDecodeError as error:
                return f", line {number}: not JSON: {error.msg} at column {error.colno}."
    return None


def encoding_hint(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "it looks like UTF-16; save it as UTF-8"
    return "save it as UTF-8"
