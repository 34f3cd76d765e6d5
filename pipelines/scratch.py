"""Frames that are kept beside a draft while a run lasts. What they mean is for those who keep them."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def keep(rows: pl.DataFrame, target: Path) -> None:
    """Writes the rows, whole or not at all: a step that was killed and is done again writes them again."""
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    # Read whole, so that nothing would be skipped by statistics, which are a sixth of the writing.
    rows.write_parquet(unfinished, compression="lz4", statistics=False)
    unfinished.replace(target)
