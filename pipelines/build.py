"""Computes states and metric tables part by part and keeps their files in the draft.

What is computed is in assets/. Which parts need it is found by comparing the files of the inputs with those of the
base release: a part whose inputs and rules are the same keeps its files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from pipelines import forward, scratch, successors, touched
from pipelines.days import DayRange, is_redefined
from pipelines.engines import Engine, LocalEngine, are_small, at_once
from pipelines.inputs import files_for, part_of, settings_of
from pipelines.months import month_of
from pipelines.pace import Pace
from pipelines.partials import partial_of, shards_of, together
from pipelines.parts import (
    EVERYTHING,
    Part,
    catalog_in,
    compute_partial,
    layer_of,
    scan_rows,
)
from pipelines.parts_to_do import parts_to_do
from pipelines.patches import PatchedStore
from pipelines.state_parts import compute_state
from pipelines.table_days import days_of_table
from pipelines.text import counted
from pipelines.workspace import Workspace
from warehouse import reduction
from warehouse.catalog import Entry
from warehouse.errors import SourceError
from warehouse.manifest import DataFile
from warehouse.names import may_have_days_from, month_in
from warehouse.settings import Settings


def build_state(workspace: Workspace, table: str, engine: Engine | None = None) -> None:
    """Computes the parts of a state whose inputs changed since the base release; all of them where its rules did.

    A state by month is computed a month at a time over all shards; one with `shard` in its grain at once; the others a
    shard at a time.
    """
    entry = workspace.catalog[table]
    parts = parts_to_do(workspace, entry)
    # Partitions that have no rows any more are taken out.
    kept: dict[str, DataFile | None] = {partition: None for part in parts for partition in part.before}
    found = _engine(workspace, "", parts, engine).map(compute_state, parts)
    for one in found:
        kept |= one.files
    workspace.draft.put("states", table, kept)
    if all(part.is_compared for part in parts):
        touched.record(workspace.draft, table, touched.together(one.touched.select(*touched.SCHEMA) for one in found))
        # What lies under a patch is not among the rows that are gone: it is still there to be read.
        if not isinstance(workspace.store, PatchedStore):
            successors.keep(workspace.draft, table, found)


def build_metric(workspace: Workspace, table: str, days: DayRange, engine: Engine | None = None) -> None:
    """Computes a metric table for whole months up to `days.last_day`, shard by shard: from `days.first_day`, or from
    the first day on which something it is made from is another.

    A partition whose content stays the same keeps its file. Raises SourceError where a rate is missing.
    """
    entry = workspace.catalog[table]
    settings = settings_of_months(workspace, days_of_table(workspace, table, days))
    keep_metric(workspace, entry, settings, _measured(workspace, entry, settings, engine))


def settings_of_months(workspace: Workspace, days: DayRange) -> Settings:
    """What a metric table may know of this run; it is computed for whole months."""
    return settings_of(workspace, DayRange(days.first_day.replace(day=1), days.last_day))


def keep_metric(workspace: Workspace, entry: Entry, settings: Settings, measured: pl.LazyFrame) -> None:
    """Keeps a metric table of the range of the settings, from what its measure returned for all shards."""
    references = {name: reference(workspace, entry, name, settings) for name in entry.references}
    rows = reduction.published(entry, measured, settings, references)
    _check_amounts(entry, rows)
    _keep_metric(workspace, entry, reduction.months(entry.table, rows), settings.first_day)


def _measured(workspace: Workspace, entry: Entry, settings: Settings, engine: Engine | None) -> pl.LazyFrame:
    """What the table's measure returns for every shard, and what its published rows still say of the time before."""
    if entry.is_combined:
        return pl.LazyFrame()
    found = forward.measured(workspace, entry, settings)
    if found is not None:
        scratch.keep(found, partial_of(workspace, entry, EVERYTHING))
        return pl.concat([found.lazy(), *carried(workspace, entry, settings)], how="diagonal")
    jobs = [
        part_of(workspace, entry, name, settings, partial_of(workspace, entry, name)) for name in shards_of(workspace)
    ]
    days = counted((settings.last_day - settings.first_day).days + 1, "day")
    span = f"{settings.first_day} to {settings.last_day}, {days}: "
    partials = _engine(workspace, span, jobs, engine).map(compute_partial, jobs)
    rows = together(entry, partials, partial_of(workspace, entry, EVERYTHING))
    return pl.concat([rows, *carried(workspace, entry, settings)], how="diagonal")


def _engine(workspace: Workspace, span: str, jobs: Sequence[Part], engine: Engine | None) -> Engine:
    rows = [job.rows for job in jobs]
    return engine or LocalEngine(Pace(workspace.report, span, rows).done, at_once(rows), are_small(rows))


def carried(workspace: Workspace, entry: Entry, settings: Settings) -> list[pl.LazyFrame]:
    """What the published rows still say of the time before the range: all those of one file, or those of the months
    before it."""
    base = workspace.draft.base
    if entry.carried is None or base is None or is_redefined(workspace):
        return []
    begins = month_of(settings.first_day)
    files = [file for file in base.of("metrics", entry.table.name) if (month_in(file.partition) or "") < begins]
    if not files:
        return []
    return [reduction.as_measured(entry.table, entry.carried(workspace.store.scan(files), settings))]


def _check_amounts(entry: Entry, rows: pl.DataFrame) -> None:
    """Raises SourceError where an amount could not be converted: no rate is known on or before its day."""
    names = [measure.name for measure in entry.table.measures if not measure.nullable]
    unrated = rows.filter(pl.any_horizontal(pl.col(name).is_null() for name in names)) if names else rows.clear()
    if unrated.height:
        [day] = [column.name for column in entry.table.grain if column.dtype == pl.Date]
        raise SourceError(
            f"{entry.table.name} of {unrated[day].min()!s}: an amount cannot be converted, as no rate of its currency "
            "is known by then. Add rates to fx_rates, for every currency from before its first amount on."
        )


def reference(workspace: Workspace, entry: Entry, table: str, settings: Settings) -> pl.LazyFrame:
    """A source or state across all shards, or the files of another metric table that this run has made or kept."""
    files = files_for(workspace, entry, EVERYTHING, table, table, settings)
    known = catalog_in(workspace.catalog.folder)
    if layer_of(known, table) == "metrics":
        return workspace.store.scan(files, known[table].table.polars_schema())
    return scan_rows(workspace.store, known, table, files)


def _keep_metric(workspace: Workspace, entry: Entry, parts: Mapping[str, pl.DataFrame], first_day: date) -> None:
    table, base = entry.table, workspace.draft.files("metrics", entry.table.name)
    kept: dict[str, DataFile | None] = {name: None for name in base if may_have_days_from(name, first_day)}
    for partition, rows in parts.items():
        kept[partition] = workspace.store.write(
            "metrics", table.name, partition, rows, table.arrow_schema(), previous=base.get(partition)
        )
    workspace.draft.put("metrics", table.name, kept)
