"""How the columns of a Parquet file are encoded where a run writes and reads it more often than anybody else.

Which files these are is for store.py. Every encoding here is of the Parquet standard.
"""

from __future__ import annotations

from typing import Any

import polars as pl

# So many values, spread over a column, show whether a dictionary of them would pay.
SAMPLE = 1_000
_DICTIONARY = (pl.String, pl.Decimal, pl.UInt16)
_DELTA = (pl.Int64, pl.Datetime)


def compact(frame: pl.DataFrame) -> dict[str, Any]:
    """Arguments of pyarrow's writer: whole numbers and times of 64 bits as differences, a dictionary of what repeats.

    A dictionary of values that hardly repeat is built in vain and makes the file larger. What is least and greatest in
    a group of rows is not said: rows are in the order of persons, of which any may be asked for, and to find it takes a
    third of the writing. Depends on the frame alone.
    """
    repeating = _repeating(frame.select(name for name, dtype in frame.schema.items() if dtype in _DICTIONARY))
    delta = {name: "DELTA_BINARY_PACKED" for name, dtype in frame.schema.items() if dtype in _DELTA}
    return {
        "use_dictionary": repeating,
        "column_encoding": delta or None,
        "compression_level": 1,
        "write_statistics": False,
    }


def published(frame: pl.DataFrame) -> dict[str, Any]:
    """The same for files that others read: small, and as plain as can be."""
    return {"use_dictionary": _repeating(frame), "compression_level": 3}


def _repeating(frame: pl.DataFrame) -> list[str]:
    sample = frame.gather_every(max(1, frame.height // SAMPLE)).head(SAMPLE)
    return [values.name for values in sample if 2 * values.n_unique() <= len(values)]
