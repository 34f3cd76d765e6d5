"""Frames that are kept beside a draft while a run lasts. What they mean is for those who keep them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from warehouse import durable

# What is read by many steps is small: a larger frame is not kept in memory.
_KEPT_BYTES: Final = 2_000_000
_KEPT_FRAMES: Final = 64


def keep(rows: pl.DataFrame, target: Path) -> None:
    """Writes the rows, whole or not at all: a step that was killed and is done again writes them again."""
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    # Read whole, so that nothing would be skipped by statistics, which are a sixth of the writing.
    rows.write_parquet(unfinished, compression="lz4", statistics=False)
    unfinished.replace(target)


def read(path: Path) -> pl.DataFrame | None:
    """The rows kept there, or None; a small file is read once while it lies there as it is."""
    try:
        identity = durable.identity(path)
    except FileNotFoundError:
        return None
    return _read(path, identity) if identity.size <= _KEPT_BYTES else pl.read_parquet(path)


@lru_cache(_KEPT_FRAMES)
def _read(path: Path, _identity: durable.Identity) -> pl.DataFrame:
    return pl.read_parquet(path)
