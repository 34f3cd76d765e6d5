"""Which parts of a state a run computes, and as far as what of each: found by comparing its inputs with the base's.

A part whose inputs and rules are the same is not among them. What its function makes of it is for state_parts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from pipelines import touched
from pipelines.days import is_redefined
from pipelines.inputs import WHOLE_HISTORY, layer_in, part_of, settings_of
from pipelines.partials import shards_of
from pipelines.parts import EVERYTHING, Part, first_day_in, is_in_part
from pipelines.state_parts import is_built_at_once
from pipelines.units import moved_in, named_in, touched_since, touched_units
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.codes import shard_in, shard_name
from warehouse.manifest import DataFile
from warehouse.names import MONTH, may_have_days_from, month_in
from warehouse.settings import Settings
from warehouse.source_rows import Moved


def parts_to_do(workspace: Workspace, entry: Entry) -> list[Part]:
    """The parts whose inputs changed since the base release; all of them where the rules did."""
    settings = settings_of(workspace, WHOLE_HISTORY)
    # Not the draft's: where a step is done again, what it touches is still told apart from the base.
    base = workspace.draft.base
    before = base.by_partition("states", entry.table.name) if base else {}
    names, since = _names(workspace, entry), touched_since(workspace, entry)
    if entry.table.partitioning == "shard/month":
        months = moved_in(workspace, entry, names)
        named = {name: _named(workspace, rows, name) for name, rows in months.items()}
        parts = [_part(workspace, entry, name, settings, before, named[name], since) for name in names]
        return [replace(part, moved=months[part.name] if part.touched is not None else None) for part in parts]
    among = touched_units(workspace, entry)
    return [_part(workspace, entry, name, settings, before, among, since) for name in names]


def _named(workspace: Workspace, rows: Mapping[str, Moved] | None, month: str) -> pl.DataFrame | None:
    """Whom the rows that moved in the sources of a month name; None where everything is to be computed."""
    return None if rows is None else named_in(workspace, rows, first_day_in(month))


def _names(workspace: Workspace, entry: Entry) -> list[str]:
    draft, redo = workspace.draft, is_redefined(workspace)
    names: set[str] = set()
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        layer = layer_in(workspace, table)
        changed = draft.changed(layer, table) | (draft.files(layer, table).keys() if redo else set())
        names |= {name for partition in changed for name in _names_of(workspace, entry, parameter, partition)}
    return sorted(names)


def _names_of(workspace: Workspace, entry: Entry, parameter: str, partition: str) -> list[str]:
    """The parts that must be computed anew where this partition of this parameter changed."""
    if entry.table.partitioning == "shard/month":
        month = month_in(partition)
        return [f"{MONTH}{month}"] if month else []
    if is_built_at_once(entry):
        return [EVERYTHING]
    if parameter.startswith(ALL_SHARDS):
        return shards_of(workspace)
    return [shard_name(shard_in(partition), workspace.config.shards)]


def _part(
    workspace: Workspace,
    entry: Entry,
    name: str,
    settings: Settings,
    before: Mapping[str, DataFile],
    among: pl.DataFrame | None,
    since: date | None,
) -> Part:
    mine = {partition: file for partition, file in before.items() if is_in_part(name, partition)}
    is_known = workspace.draft.base is not None and not is_redefined(workspace)
    is_compared = is_known and touched.can_tell(entry.table)
    part = replace(part_of(workspace, entry, name, settings), before=mine, is_compared=is_compared)
    # Of a shard that had nothing there is nothing to keep.
    if not mine or not is_compared:
        return part
    if since is not None:
        return replace(part, since=since, settings=replace(settings, first_day=since))
    if among is None:
        return part
    is_of_one_shard = name != EVERYTHING and month_in(name) is None
    part = replace(part, touched=among.filter(shard=shard_in(name)) if is_of_one_shard else among)
    days = {
        parameter: (_touched_month(workspace, parameter) - timedelta(days=known.days_before(settings))).replace(day=1)
        for parameter, known in entry.remembered.items()
    }
    return _cut(part, days)


def _cut(part: Part, days: Mapping[str, date]) -> Part:
    """The part without the months of its inputs before these days, of which its own rows say enough."""
    inputs = {
        parameter: tuple(file for file in part.inputs[parameter] if may_have_days_from(file.partition, day))
        for parameter, day in days.items()
    }
    return replace(part, inputs={**part.inputs, **inputs}, cut=days)


def _touched_month(workspace: Workspace, state: str) -> date:
    """The first day of the first month in which rows of a state are others than in the base release."""
    if not workspace.draft.changed("states", state):
        return date.max
    persons = touched.of(workspace.draft, state)
    assert persons is not None  # or everybody would be touched
    return min(persons["since"], default=date.max).replace(day=1)
