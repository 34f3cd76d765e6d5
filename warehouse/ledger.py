"""The ledger: one line for each file that was taken, with what became of its rows.

rows_in = taken + quarantined + excluded_where + excluded_distinct + merged + waiting, always; `superseded` of the taken
rows do not count because another version stands for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

import polars as pl
import pyarrow as pa

from warehouse.manifest import DataFile
from warehouse.store import Store

LAYER, TABLE = "ledger", "files"

_DESCRIPTIONS: Mapping[str, str] = {
    "source": "The source the file is of.",
    "path": "The file, relative to the configuration's folder.",
    "size": "Its bytes.",
    "mtime_ns": "When it was last modified, in nanoseconds since 1970.",
    "sha256": "The digest of its bytes.",
    "reading": "The digest of the configuration it was read by.",
    "rows_in": "Its rows, blank ones apart.",
    "taken": "Rows kept in the lake, current or not.",
    "quarantined": "Rows set aside with a reason.",
    "excluded_where": "Rows that the `where` rule leaves out.",
    "excluded_distinct": "Rows that repeat another row of the file entirely.",
    "merged": "Order lines that became part of another line's order.",
    "waiting": "Rows of days before waits_before, left for a backfill.",
    "superseded": "Taken rows that another version stands for.",
    "dst_gaps": "Local times that daylight saving made impossible.",
    "dst_overlaps": "Local times that daylight saving made ambiguous.",
    "first_day": "The first business day of the taken and waiting rows.",
    "last_day": "The last business day of the taken and waiting rows.",
    "waits_before": "Rows of earlier days were too late when the file came.",
    "due_on": "When the first of its rows that lie in the future will have been: the file is taken again then.",
    "read_by": "The version of the program that read it.",
    "taken_at": "When the file was taken.",
    "columns": "Its columns and their types as JSON, with ? where not even half of the rows have it.",
    "filled": "The canonical columns with values as JSON, with ? where not even half of the rows have one.",
}
SCHEMA = pl.Schema(
    {
        **dict.fromkeys(_DESCRIPTIONS, pl.Int64()),
        **dict.fromkeys(("source", "path", "sha256", "reading", "read_by", "columns", "filled"), pl.String()),
        **dict.fromkeys(("first_day", "last_day", "waits_before", "due_on"), pl.Date()),
        "taken_at": pl.Datetime("us", "UTC"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one file. The names are the columns."""

    source: str
    path: str
    size: int
    mtime_ns: int
    sha256: str
    reading: str
    rows_in: int
    taken: int
    quarantined: int
    excluded_where: int
    excluded_distinct: int
    merged: int
    waiting: int
    superseded: int
    dst_gaps: int
    dst_overlaps: int
    first_day: date | None
    last_day: date | None
    waits_before: date | None
    taken_at: datetime
    due_on: date | None = None
    read_by: str | None = None
    columns: str | None = None
    filled: str | None = None

    def with_superseded(self, more: int) -> Line:
        return replace(self, superseded=self.superseded + more)

    def as_before(self, former: Line | None) -> Line:
        """The former line where nothing but the moment of taking differs: a file read again for nothing is no news."""
        return former if former is not None and replace(self, taken_at=former.taken_at) == former else self


def partition(source: str) -> str:
    """Each source has a partition of its own, so that sources can be taken in at the same time."""
    return f"source={source}"


def read(store: Store, files: Mapping[str, DataFile], source: str) -> dict[str, Line]:
    """The lines of a source by path; `files` are the ledger's by partition.

    A count that an earlier version of Holdfast did not keep is 0, anything else it did not keep is missing.
    """
    file = files.get(partition(source))
    if file is None:
        return {}
    rows = pl.read_parquet(store.path(file))
    kept = [
        pl.col(name) if name in rows.columns else pl.lit(0 if dtype == pl.Int64 else None, dtype).alias(name)
        for name, dtype in SCHEMA.items()
    ]
    return {row["path"]: Line(**row) for row in rows.select(kept).iter_rows(named=True)}


def write(store: Store, source: str, lines: Iterable[Line], previous: DataFile | None) -> DataFile:
    rows = [asdict(line) for line in sorted(lines, key=lambda line: line.path)]
    frame = pl.DataFrame(rows, schema=SCHEMA)
    return store.write(LAYER, TABLE, partition(source), frame, _arrow_schema(), previous=previous)


def _arrow_schema() -> pa.Schema:
    plain = pl.DataFrame(schema=SCHEMA).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.schema([plain.field(name).with_metadata({"description": text}) for name, text in _DESCRIPTIONS.items()])
