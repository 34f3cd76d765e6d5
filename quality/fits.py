"""Which models behind a published table were not fitted, so that columns are null, or ended at an edge, and why.

Any column whose values are how a fit ended is looked at, whatever the table. Fitting belongs to assets/models. What
customers who behave exactly as a model says end in was measured (docs/quality.md): an edge is no alarm.
"""

from __future__ import annotations

import polars as pl

from assets.models.fit import AT_EDGE, FITTED, NOT_CONVERGED, STATUSES, TOO_FEW
from quality.verdict import Observation, Severity
from warehouse.table import Table

_TOLD: dict[str, tuple[Severity, str, str]] = {
    TOO_FEW: (
        "info",
        "a model has enough customers",
        "There is too little history to fit it; its columns are null until there is more.",
    ),
    AT_EDGE: (
        "info",
        "customers differ enough to tell how much",
        "The most likely customers are alike in something, or none of them leaves. The columns say what follows from "
        "that; where they are known to differ, more customers or a longer history will show it.",
    ),
    NOT_CONVERGED: (
        "warning",
        "a model converged",
        "The likelihood rises for ever: these customers do not behave as the model says. Its columns are null.",
    ),
}


def observe(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """For each model of the table, the rows of each way to end that is not a fit at a peak."""
    columns = sorted(told_of(table))
    return [_rows(table, frame, column, status) for column in columns for status in STATUSES if status != FITTED]


def told_of(table: Table) -> set[str]:
    """The columns that say how a fit ended."""
    return {column.name for column in table.columns if column.allowed == STATUSES}


def _rows(table: Table, frame: pl.DataFrame, column: str, status: str) -> Observation:
    severity, check, message = _TOLD[status]
    without = frame.filter(pl.col(column) == status)
    where = f"{without.height:,} of {frame[column].count():,} rows"
    return Observation(
        check,
        table.name,
        without.height,
        0,
        0,
        severity,
        message,
        column=column,
        where=where,
    )
