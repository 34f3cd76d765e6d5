"""Computes a frame where it stands, for what uses it more than once."""

from __future__ import annotations

import polars as pl


def once(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows, computed now. The optimiser does not share a subplan between the parts of a union."""
    return frame.collect().lazy()
