"""What a part of a table's work reads: the files of each of its inputs, and the few numbers its function may know.

Which parts there are to do is for build.py, doing one for parts.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.days import DayRange, dimensions_of
from pipelines.parts import Part, catalog_in, is_in_part, layer_of
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.manifest import DataFile
from warehouse.names import may_have_days_from
from warehouse.settings import Settings

WHOLE_HISTORY: Final = DayRange(date.min, date.max)


def settings_of(workspace: Workspace, days: DayRange) -> Settings:
    """What the tables may know of this run."""
    config = workspace.config
    return Settings(
        first_day=days.first_day,
        last_day=days.last_day,
        orders_window_days=config.orders_window_days,
        usage_window_days=config.usage_window_days,
        grace_days=config.grace_days,
        reporting_currency=config.reporting_currency,
        gross_margin=config.gross_margin,
        time_zone=config.time_zone,
        sources=frozenset(config.sources),
        dimensions=dimensions_of(workspace.draft.all_notes()),
        roles=config.roles,
        industry=config.industry,
    )


def part_of(workspace: Workspace, entry: Entry, name: str, settings: Settings, target: Path | None = None) -> Part:
    """One shard, month or all of a table, with the files that its function reads; a partial goes to `target`."""
    inputs = {
        parameter: files_for(workspace, entry, name, parameter, table, settings)
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    }
    return Part(
        workspace.catalog.folder,
        entry.table.name,
        name,
        workspace.config.shards,
        inputs,
        settings,
        workspace.store,
        target,
    )


def files_for(
    workspace: Workspace, entry: Entry, name: str, parameter: str, table: str, settings: Settings
) -> tuple[DataFile, ...]:
    files = workspace.draft.files(layer_in(workspace, table), table)
    if not parameter.startswith(ALL_SHARDS):
        files = {partition: file for partition, file in files.items() if is_in_part(name, partition)}
    look_back = entry.table.look_back_days
    if look_back is not None:
        earliest = settings.first_day - timedelta(days=look_back)
        files = {partition: file for partition, file in files.items() if may_have_days_from(partition, earliest)}
    return tuple(files.values())


def read_by(workspace: Workspace, entry: Entry, parameter: str) -> Callable[[pl.LazyFrame], pl.LazyFrame] | None:
    """What a table sees of an input's rows; None where it sees them whole."""
    read = entry.reads.get(parameter)
    if read is None:
        return None
    settings = settings_of(workspace, WHOLE_HISTORY)
    return lambda rows: read(rows, settings)


def layer_in(workspace: Workspace, table: str) -> str:
    return layer_of(catalog_in(workspace.catalog.folder), table)
