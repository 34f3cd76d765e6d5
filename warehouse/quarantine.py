"""The quarantine: the rows that broke their contract, with reasons and as they were delivered, one partition a file.

Which rows those are is decided in quality/contracts.py.
"""

from __future__ import annotations

import hashlib

import polars as pl
import pyarrow as pa

from warehouse.manifest import DataFile
from warehouse.store import Store

LAYER = "quarantine"
_DESCRIPTIONS = {
    "source": "The source the row is of.",
    "file": "The file it came in, relative to the configuration's folder.",
    "row": "The line of a text file, or the row of a Parquet file, counted from 1.",
    "id": "Its id (order, subscription, event, customer), where it can be read.",
    "day": "Its business day, where it can be read.",
    "reasons": "Everything that is wrong with it, joined by semicolons.",
    "raw": "The row as delivered, as JSON.",
}
SCHEMA = pl.Schema({name: {"row": pl.Int64(), "day": pl.Date()}.get(name, pl.String()) for name in _DESCRIPTIONS})


def partition(path: str) -> str:
    """The partition of a file's bad rows."""
    return f"file={hashlib.sha256(path.encode()).hexdigest()[:12]}"


def write(
    store: Store, source: str, path: str, bad: pl.DataFrame, raw: pl.DataFrame, previous: DataFile | None
) -> DataFile:
    """Keeps the bad rows (row, id, day, reasons) of a file with their raw texts (row, raw)."""
    rows = bad.join(raw, on="row", how="left").sort("row")
    frame = rows.with_columns(source=pl.lit(source), file=pl.lit(path)).select(SCHEMA.names())
    return store.write(LAYER, source, partition(path), frame, _arrow_schema(), previous=previous)


def _arrow_schema() -> pa.Schema:
    plain = pl.DataFrame(schema=SCHEMA).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.schema([plain.field(name).with_metadata({"description": text}) for name, text in _DESCRIPTIONS.items()])
