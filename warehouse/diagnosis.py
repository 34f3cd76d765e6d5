"""What is wrong with a text file that cannot be read, and in which line: found by looking again, more slowly."""

from __future__ import annotations

import csv
import io
import json

from warehouse.keys import first_line


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
