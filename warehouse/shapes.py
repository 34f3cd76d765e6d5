"""What a file looks like: its columns with their types, and which canonical columns hold values, as the ledger notes.

Here belongs the noting. What a change means is judged in quality/columns.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

import polars as pl

from warehouse.formats import RawFile

# Of JSON lines, which have no header, so many are looked at, spread over the file.
SAMPLE = 200
# What fewer rows have or lack is chance.
LEAST_ROWS = 20
RARELY = "?"
_OF_JSON = {str: "text", bool: "boolean", int: "number", float: "number"}


def of_file(file: RawFile) -> str | None:
    """The columns of a file and their types ("" where unknown), with RARELY where not even half of the rows have it.

    None where there is nothing to go by: no content, or only a few JSON lines.
    """
    if file.is_empty:
        return None
    if (schema := file.schema()) is not None:
        return _text({name: _family(dtype) for name, dtype in schema.items()})
    if not file.is_json:
        return _text(dict.fromkeys(file.columns(), "text"))
    rows = [row for row in map(_decoded, file.spread_lines(SAMPLE)) if row is not None]
    return _text(_of_json(rows)) if len(rows) >= LEAST_ROWS else None


def filled(rows: pl.DataFrame, names: Iterable[str]) -> Counter[str]:
    """How many of the rows have a value in each of these columns."""
    return Counter({name: rows.height - rows[name].null_count() for name in names if name in rows.columns})


def of_rows(rows: int, filled: Mapping[str, int]) -> str | None:
    """Which columns hold values, if so many of the rows have one each: with RARELY where not even half of them have;
    None of a few rows."""
    if rows < LEAST_ROWS:
        return None
    return _text({name: "" if 2 * count >= rows else RARELY for name, count in filled.items() if count})


def read(text: str) -> Mapping[str, str]:
    """What was noted, by name."""
    noted: dict[str, str] = json.loads(text)
    return noted


def _text(noted: Mapping[str, str]) -> str:
    return json.dumps(noted, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _of_json(rows: list[dict[str, object]]) -> dict[str, str]:
    having = Counter(name for row in rows for name in row)
    found = {}
    for name, count in having.items():
        types = {_OF_JSON.get(type(row[name]), "nested") for row in rows if row.get(name) is not None}
        found[name] = (types.pop() if len(types) == 1 else "") + ("" if 2 * count >= len(rows) else RARELY)
    return found


def _decoded(line: bytes) -> dict[str, object] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _family(dtype: pl.DataType) -> str:
    """Types that are read alike are one: a whole number that becomes a decimal one is no news."""
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Datetime):
        return "time with a zone" if dtype.time_zone else "time"
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    return "" if isinstance(dtype, pl.Null) else str(dtype.base_type()).lower()
