"""A metric table of a few new days from its published rows: only persons that count otherwise are measured.

What a measure returns adds up over persons. So of the published rows what some persons counted is taken off, and what
they count now is put on: those with other rows in a state than in the base release, and those who have a date that the
new days see for the first time, or no longer (Table.recalls). Everybody else counts as on the day before. A day follows
from facts until it, unless its table keeps it open: who differs since a new day only is measured on the new days alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from pipelines import coming_up, seen_changes, touched
from pipelines.days import is_redefined
from pipelines.inputs import layer_in
from pipelines.one_shard import OneShard, everybody
from pipelines.parts import PERSON, catalog_in, scan_rows
from pipelines.sums import doubtful, replaced
from pipelines.units import is_told_by_persons
from pipelines.workspace import Workspace
from warehouse import reduction
from warehouse.catalog import Entry
from warehouse.manifest import Manifest
from warehouse.names import WHOLE, may_have_days_from
from warehouse.settings import Settings
from warehouse.table import DATE, SEGMENT_ALL, Table

SPANS, SEGMENT = "segment_spans", ["segment", "segment_value"]
# Of more persons than this share of all, both that they were and that they are costs more than to measure everybody.
_MOST: Final = 0.25


def measured(workspace: Workspace, entry: Entry, settings: Settings) -> pl.DataFrame | None:
    """What the table's measure returns for everybody in the range, summed; None where it has to be measured whole."""
    base = workspace.draft.base
    if base is None or entry.table.recalls is None or is_redefined(workspace):
        return None
    last_day = date.fromisoformat(base.watermark)
    if not _goes_on(entry.table, last_day, settings) or not is_told_by_persons(workspace, entry):
        return None
    own = _as_measured(workspace, entry, base, settings)
    if own is None:
        return None
    coming_up.expect_rows(workspace, last_day, settings)
    seen = _touched(workspace, entry, settings.last_day)
    persons = touched.together([*seen, *coming_up.persons(workspace, entry, last_day, settings)])
    are_restated = pl.col("since") <= last_day if _is_over_each_day(entry) else pl.lit(True)
    restated, later = persons.filter(are_restated), persons.filter(~are_restated)
    was = _measured(workspace, entry, own.schema, restated, replace(settings, last_day=last_day), base)
    now = _measured(workspace, entry, own.schema, restated, settings)
    if was is None or now is None:
        return None
    if later.height:
        on_new_days = _after(workspace, entry, own.schema, later, settings, last_day)
        if on_new_days is None:
            return None
        now = pl.concat([now, on_new_days])
    unsure = doubtful(workspace, entry, settings, own, was, now)
    if unsure.is_empty():
        return replaced(entry.table, own, was, now)
    return _with_holders(workspace, entry, settings, unsure, (own, was, now))


def _with_holders(
    workspace: Workspace, entry: Entry, settings: Settings, unsure: pl.DataFrame, sides: tuple[pl.DataFrame, ...]
) -> pl.DataFrame | None:
    """Of segment values with a row that may be there or not, everybody is measured who ever has one of them. None where
    that is not enough, or too many."""
    if not {SPANS, *SEGMENT} <= {*entry.inputs, *unsure.columns} or (unsure["segment"] == SEGMENT_ALL).any():
        return None
    values = unsure.select(SEGMENT).unique().sort(SEGMENT)
    holders = _holders(workspace, values)
    counted = _measured(workspace, entry, sides[0].schema, holders, settings) if holders.height else sides[2].clear()
    if counted is None:
        return None
    own, was, now = (rows.join(values, on=SEGMENT, how="anti") for rows in sides)
    of_values = counted.join(values, on=SEGMENT, how="semi")
    return replaced(entry.table, own, was, pl.concat([now, of_values], how="diagonal"))


def _holders(workspace: Workspace, values: pl.DataFrame) -> pl.DataFrame:
    """The persons (shard, person) who ever have one of these segment values."""
    files = tuple(workspace.draft.files("states", SPANS).values())
    spans = scan_rows(workspace.store, catalog_in(workspace.catalog.folder), SPANS, files)
    found = spans.join(values.lazy(), on=SEGMENT, how="semi").select("shard", PERSON).unique()
    return workspace.kept.made_of(f"{SPANS} with {values.rows()}", files, found.collect)


def _measured(
    workspace: Workspace,
    entry: Entry,
    schema: pl.Schema,
    persons: pl.DataFrame,
    settings: Settings,
    base: Manifest | None = None,
) -> pl.DataFrame | None:
    """What the measure returns for some persons, now or as in the base release; None where they are too many, or that
    cannot be told."""
    if persons.height > _MOST * everybody(workspace):
        return None
    asked = OneShard(workspace, persons) if base is None else OneShard(workspace.as_in(base), persons, run=workspace)
    return _as_own(asked.measured(entry, settings), schema)


def _after(
    workspace: Workspace, entry: Entry, schema: pl.Schema, persons: pl.DataFrame, settings: Settings, last_day: date
) -> pl.DataFrame | None:
    """What the measure of a table by day returns for some persons on the days after the last one; None where that is
    not to be told. What a stock was by then is booked on the last day, which is left out."""
    rows = _as_own(OneShard(workspace, persons).measured(entry, settings, since=last_day), schema)
    return None if rows is None else rows.filter(pl.col(DATE) > last_day)


def _as_own(rows: pl.DataFrame | None, schema: pl.Schema) -> pl.DataFrame | None:
    """The rows, if any, in the types of the published ones."""
    return None if rows is None else rows.cast({name: schema[name] for name in rows.columns})


def _goes_on(table: Table, last_day: date, settings: Settings) -> bool:
    """Whether the range has a published day, from which the new ones go on: of a table by period, in the same one."""
    if table.every_day:
        return settings.first_day <= last_day
    return _periods(table, last_day) == _periods(table, settings.last_day)


def _is_over_each_day(entry: Entry) -> bool:
    """Whether facts of later days never count to a day of the table, which has no days that stay open for some time."""
    return entry.table.every_day and entry.carried is None


def _periods(table: Table, day: date) -> tuple[int, ...]:
    """The periods of the table that a day is in: month, and week where there are weeks."""
    is_by_week = any("week" in (column.allowed or ()) for column in table.grain)
    return (day.year, day.month, *(day.isocalendar()[:2] if is_by_week else ()))


def _as_measured(workspace: Workspace, entry: Entry, base: Manifest, settings: Settings) -> pl.DataFrame | None:
    """The published rows of the range as the measure returned them."""
    published = base.of("metrics", entry.table.name)
    files = [one for one in published if may_have_days_from(one.partition, settings.first_day)]
    if not files:
        return None
    return as_measured(entry, workspace.store.scan(files), settings)


def as_measured(entry: Entry, published: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
    """Published rows as the table's measure returned them for the range, summed: of stocks the changes."""
    table = entry.table
    names = [column.name for column in (*table.keys, *table.measures)]
    told = entry.measured(published) if entry.measured else published
    if entry.carried and table.partitioning == WHOLE:
        keys = [column.name for column in table.keys]
        told = told.join(entry.carried(published, settings), on=keys, how="anti", nulls_equal=True)
    rows = reduction.as_measured(table, told.select(names)).collect()
    stocks = [measure.name for measure in table.measures if measure.kind == "stock"]
    if not stocks:
        return rows
    keys = [column.name for column in table.keys if column.name != DATE]
    before = pl.col(stocks).shift(1).over(keys).fill_null(0)
    return rows.sort(*keys, DATE).with_columns(pl.col(stocks) - before)


def _touched(workspace: Workspace, entry: Entry, last_day: date) -> Iterator[pl.DataFrame]:
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        if workspace.draft.changed(layer_in(workspace, table), table):
            yield seen_changes.persons(workspace, entry, parameter, table, last_day)
