"""Which models behind a published table could not be fitted: their columns are null, and here is said why.

Any column whose values are how a fit ended is looked at, whatever the table. Fitting belongs to assets/models.
"""

from __future__ import annotations

import polars as pl

from assets.models.fit import FITTED, NOT_CONVERGED, STATUSES, TOO_FEW
from quality.verdict import Observation, Severity
from warehouse.table import Table

_TOLD: dict[str, tuple[Severity, str, str]] = {
    TOO_FEW: (
        "info",
        "a model has enough customers",
        "There is too little history to fit it; its columns are null until there is more.",
    ),
    NOT_CONVERGED: (
        "warning",
        "a model converged",
        "The likelihood has no peak: these customers do not behave as the model says. Its columns are null.",
    ),
}


def observe(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """For each model of the table, the rows without its numbers, by the reason there are none."""
    columns = [column.name for column in table.columns if column.allowed == STATUSES]
    return [_rows(table, frame, column, status) for column in columns for status in STATUSES if status != FITTED]


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
