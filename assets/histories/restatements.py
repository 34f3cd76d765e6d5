"""Why days that were published before have other numbers now: the declaration, and the causes in their order.

How the rows come about is in warehouse/restatements.py and pipelines/causes.py.
"""

from __future__ import annotations

import polars as pl

from warehouse.table import MONEY, Column, Table

DEFINITION, CHANGED_ROWS, LATE_ROWS = "definition", "changed_rows", "late_rows"
ROLLBACK, UNEXPLAINED = "rollback", "unexplained"
CAUSES = (DEFINITION, CHANGED_ROWS, LATE_ROWS, ROLLBACK, UNEXPLAINED)

table = Table(
    name="restatements",
    description=(
        "What each release changed in days that were published before, and why. From cause to cause the sums of a "
        "release follow on each other, so that together they make the whole change."
    ),
    layer="histories",
    grain=(
        Column("release", pl.Int64, "The release that published the change.", "release", minimum=2),
        Column("table_name", pl.String, "The metric table.", "table"),
        Column("column_name", pl.String, "Its column: a count or an amount.", "column"),
        Column("month", pl.String, "The calendar month of the changed days, as YYYY-MM.", "month"),
        Column("segment", pl.String, "The dimension; `all` is everybody.", "dimension"),
        Column("segment_value", pl.String, "The value of that dimension.", "value"),
        Column(
            "cause",
            pl.String,
            "Why: `definition` (changed code or configuration), `changed_rows` (source rows changed or deleted), "
            "`late_rows` (source rows of published days, new by their id), `rollback`; `unexplained` is a defect.",
            "cause",
            allowed=CAUSES,
        ),
    ),
    columns=(
        Column("cells_changed", pl.Int64, "Cells that the cause changed, made or took away.", "cells", minimum=1),
        Column("sum_before", MONEY, "Sum of all the month's published days without the cause.", "of the column"),
        Column("sum_after", MONEY, "The same sum with the cause.", "of the column"),
    ),
    partitioning="release",
    every_day=False,
)
