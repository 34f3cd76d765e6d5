"""Rows of JSON lines: which fields they have, and their values as text. No header says it: each row has its own."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence

import polars as pl


def has_key(data: bytes, name: str) -> bool:
    """Whether any line seems to have that field, without reading the lines."""
    key = json.dumps(name, ensure_ascii=False).encode()
    return key in data and re.search(re.escape(key) + rb"\s*:", data) is not None


def read(data: bytes, names: Sequence[str], line: str) -> pl.DataFrame:
    """The named fields as text, and `line`, the number of the line; blank lines are left out."""
    # A field that is in no line keeps the reader from finding lines empty.
    schema = dict.fromkeys([*names, line], pl.String)
    frame = pl.read_ndjson(io.BytesIO(data), schema=schema).drop(line)
    return frame.with_columns(_line_numbers(data, frame.height).alias(line))


def names_line_by_line(data: bytes) -> list[str]:
    """The fields of all lines, in the order in which they first come; for where a field holds values of several types.

    Raises ValueError or AttributeError where a line is no object.
    """
    names: dict[str, None] = {}
    for line in filter(bytes.strip, data.split(b"\n")):
        names.update(dict.fromkeys(json.loads(line).keys()))
    return list(names)


def _line_numbers(data: bytes, height: int) -> pl.Series:
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if lines == height:
        return pl.int_range(1, height + 1, dtype=pl.Int64, eager=True)
    return pl.Series([number for number, line in enumerate(data.split(b"\n"), 1) if line.strip()], dtype=pl.Int64)
