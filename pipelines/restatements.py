"""The step that writes the history of restatements: what a run changes in published days, cause by cause.

With one cause in the run all changes are its. With several, the tables between them are found by pipelines/what_if.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from assets.histories.restatements import DEFINITION, UNEXPLAINED
from pipelines import causes, what_if
from pipelines.causes import Causes
from pipelines.days import DayRange
from pipelines.workspace import Workspace
from warehouse import restatements
from warehouse.candidate import columns_of
from warehouse.cells import Files
from warehouse.manifest import HISTORIES, Manifest
from warehouse.restatements import NAME, Step


def record(workspace: Workspace, days: DayRange) -> None:
    """Puts this run's restatements into its draft, beside those of earlier releases. All tables must be made by then,
    for these days.

    Raises StorageError.
    """
    base = workspace.draft.base
    if base is None or NAME not in workspace.catalog:
        return
    found = find(workspace, base, days)
    workspace.draft.put(HISTORIES, NAME, restatements.write(workspace.store, base.number + 1, found))


def find(workspace: Workspace, base: Manifest, days: DayRange) -> pl.DataFrame:
    """The rows of this run's restatements; see warehouse.restatements.changes."""
    schemas = {name: columns_of(table) for name, table in workspace.catalog.published.items()}
    shapes = restatements.comparable(base.schemas, schemas)
    before = restatements.by_table(base.of("metrics"))
    after: dict[str, Files] = {name: workspace.draft.files("metrics", name) for name in shapes}
    last_day = date.fromisoformat(base.watermark)
    together = restatements.changes(workspace.store, shapes, before, [Step(UNEXPLAINED, after)], last_day)
    if together.is_empty():
        return together
    known = causes.find(workspace, base)
    if len(known.present) < 2:
        [cause] = known.present or [UNEXPLAINED]
        return together.with_columns(cause=pl.lit(cause))
    restated = {name: shapes[name] for name in together["table_name"].unique(maintain_order=True)}
    steps = _steps(workspace, base, known, restated, days, after)
    return restatements.changes(workspace.store, restated, before, steps, last_day)


def _steps(
    workspace: Workspace,
    base: Manifest,
    known: Causes,
    wanted: Iterable[str],
    days: DayRange,
    after: Mapping[str, Files],
) -> list[Step]:
    """The tables after each cause; the last one's are those of the run."""
    *others, last = known.present
    steps = []
    for cause in others:
        lake = known.old_lake if cause == DEFINITION else what_if.without_late_rows(workspace, known)
        steps.append(Step(cause, what_if.tables_on(workspace, base, lake, known, wanted, days)))
    return [*steps, Step(last, after)]
