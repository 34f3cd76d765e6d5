"""What the gate found, release by release: the declaration.

How a release's rows come about, from the verdict it is published with, is in warehouse/results.py.
"""

from __future__ import annotations

import polars as pl

from warehouse.table import Column, Table

table = Table(
    name="quality_results",
    description="Every check of every release: what was found, what it should have been, and what a failure costs.",
    layer="histories",
    grain=(
        Column("date", pl.Date, "The last day of the release.", "day"),
        Column("release", pl.Int64, "The release that was judged.", "release", minimum=1),
        Column("place", pl.Int64, "Its place in the verdict: what failed first, worst first.", "rank", minimum=1),
    ),
    columns=(
        Column("check_name", pl.String, "The check.", "check"),
        Column("table_name", pl.String, "The table or source it is about; `all` for the release as a whole.", "table"),
        Column("column_name", pl.String, "The column it is about.", "column", nullable=True),
        Column(
            "severity",
            pl.String,
            "What a failure costs: critical blocks, warning is published and shown, info is noted.",
            "severity",
            allowed=("critical", "warning", "info"),
        ),
        Column("is_passed", pl.Boolean, "Whether it passed.", "flag"),
        Column("observed", pl.String, "What was found; of several places the worst.", "text"),
        Column("bound", pl.String, "What it should have been.", "text"),
        Column("found_at", pl.String, "File, day or key to look at, where it failed.", "text", nullable=True),
        Column("message", pl.String, "What a failure means and what to do about it.", "text", nullable=True),
    ),
    partitioning="month",
    every_day=False,
)
