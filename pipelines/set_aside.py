"""The quarantine in the terminal: which rows were set aside, why, and where an editor finds them."""

from __future__ import annotations

import polars as pl

from pipelines.last_audit import last_audit
from pipelines.text import counted, grid
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.store import Store

LAYER = "quarantine"
SHOWN = 20


def describe(config: Config, source: str | None = None) -> str:
    """Counts by source and reason, and the first rows, of the last audit's release or refused candidate.

    Raises UsageError for a source that is not configured, and where nothing was audited yet.
    """
    if source is not None and source not in config.sources:
        raise UsageError(f"There is no source {source}. Configured are {', '.join(config.sources)}.")
    audit = last_audit(config)
    files = [file for file in audit.manifest.of(LAYER) if source in (None, file.table)]
    if not files:
        return f"{audit.subject}: no row was set aside."
    rows = Store(config.home).scan(files).select("source", "reasons", "file", "row", "raw").collect()
    counts = rows.group_by("source", "reasons").len("rows").sort(-pl.col("rows").cast(pl.Int64), "source", "reasons")
    first = rows.sort("source", "file", "row").head(SHOWN)
    return "\n\n".join(
        [
            f"{audit.subject}: {counted(rows.height, 'row')} {'was' if rows.height == 1 else 'were'} set aside.",
            grid(counts.columns, counts.rows()),
            f"The first {first.height}:",
            grid(first.columns, first.with_columns(pl.col("row").cast(pl.String)).rows(), widest=80),
        ]
    )
