"""Which of a run's days a table is computed for: from the first on which anything it is made from is another.

The run's days begin with the earliest that something new touches. A table that sees nothing of it before a later day
stays as it is until then: late use of August restates no renewal.
"""

from __future__ import annotations

from datetime import date

from pipelines import touched
from pipelines.days import ARE_ASKED_FOR, DayRange, is_redefined, touched_from
from pipelines.inputs import layer_in
from pipelines.workspace import Workspace
from warehouse import codes


def days_of_table(workspace: Workspace, table: str, days: DayRange) -> DayRange:
    """Those of the run's days that a metric table may have other rows on than in the base release; all of them where
    they were asked for, or that is not known. The last published day is among them: tables go on from it."""
    base = workspace.draft.base
    if base is None or is_redefined(workspace) or (workspace.draft.plan() or {}).get(ARE_ASKED_FOR):
        return days
    first = _first_day(workspace, table)
    if first is None:
        return days
    return DayRange(max(days.first_day, min(first, date.fromisoformat(base.watermark))), days.last_day)


def _first_day(workspace: Workspace, table: str) -> date | None:
    """The first day on which something that the table is made from is another; None where that is not known."""
    entry = workspace.catalog[table]
    found = [_of_input(workspace, name) for name in (*entry.inputs, *entry.references)]
    known = [day for day in found if day is not None]
    return min(known, default=date.max) if len(known) == len(found) else None


def _of_input(workspace: Workspace, name: str) -> date | None:
    layer = layer_in(workspace, name)
    if layer == "metrics":
        return _first_day(workspace, name) if name in workspace.catalog else date.max
    if not workspace.draft.changed(layer, name):
        return date.max
    if layer != codes.LAYER:
        persons = touched.of(workspace.draft, name)
        return None if persons is None else min(persons["since"], default=date.max)
    return None if name == codes.TABLE else touched_from(workspace, name) or date.max
