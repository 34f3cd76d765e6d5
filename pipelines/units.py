"""Which units of a state (persons, subscriptions) a run touches, and since when: those with other rows in its inputs.

What is compared are the rows of sources; whose rows of a state differ was recorded when that was built.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from pipelines import moved, touched
from pipelines.days import is_redefined
from pipelines.inputs import layer_in
from pipelines.parts import PERSON, catalog_in, scan_rows
from pipelines.workspace import Workspace
from warehouse import codes
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.names import MONTH
from warehouse.source_rows import Moved

_MONTH = ".month"


def touched_units(workspace: Workspace, entry: Entry) -> pl.DataFrame | None:
    """Persons (shard, person, since) or ids in the column of the unit; None where everything is to be computed."""
    if entry.table.unit is None or workspace.draft.base is None or is_redefined(workspace):
        return None
    found = []
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        # A code is given once: a new one is of nobody who had rows before, and whoever has rows now is in the others.
        if table == codes.TABLE or not workspace.draft.changed(layer_in(workspace, table), table):
            continue
        units = _of_input(workspace, entry, parameter, table)
        if units is None:
            return None
        found.append(units)
    if entry.table.unit == PERSON:
        return touched.together(found)
    return pl.concat(found).unique() if found else None


def moved_in(workspace: Workspace, entry: Entry, months: Iterable[str]) -> dict[str, dict[str, Moved] | None]:
    """For each month (its partition) of a state whose months are made of sources' rows of that month alone: which rows
    of each source moved, with the shard that they lie in; None where everything is to be computed."""
    # Or a month would follow from more than its rows.
    assert all(layer_in(workspace, source) == codes.LAYER for source in entry.inputs)
    if workspace.draft.base is None or is_redefined(workspace):
        return dict.fromkeys(months)
    found: dict[str, dict[str, Moved]] = {month: {} for month in months}
    for source in entry.inputs:
        if workspace.draft.changed(codes.LAYER, source):
            rows = _moved(workspace, source)
            gone, come = (_by_month(side, workspace.config.shards) for side in (rows.gone, rows.come))
            for month in found.keys() & (gone.keys() | come.keys()):
                nothing = {**gone, **come}[month].clear()
                found[month][source] = Moved(gone.get(month, nothing), come.get(month, nothing))
    return dict(found)


def named_in(workspace: Workspace, sources: Iterable[str], month: date | None) -> pl.DataFrame:
    """The persons (shard, person, since) whom rows of a month name that moved in these sources."""
    named = (_named_by_month(workspace, source).filter(month=month).drop("month") for source in sources)
    return touched.together(named)


def _named_by_month(workspace: Workspace, source: str) -> pl.DataFrame:
    """Whom rows that moved in a source name: shard, person, the first day of a `month`, and since when in it. It is
    found once for all states."""

    def named() -> pl.DataFrame:
        rows = moved.named_in(_moved(workspace, source), workspace.config.shards)
        month = pl.col("since").dt.truncate("1mo").alias("month")
        return rows.group_by("shard", PERSON, month).agg(pl.col("since").min())

    files = tuple(workspace.draft.files(codes.LAYER, source).values())
    return workspace.kept.made_of(f"{source}, whom moved rows name", files, named)


def _by_month(rows: pl.DataFrame, shards: int) -> dict[str, pl.DataFrame]:
    owner = "user_id" if "user_id" in rows.columns else "customer_id"
    told = rows.with_columns(
        codes.shard_of(rows[owner], shards).alias("shard"), pl.col("day").dt.strftime(f"{MONTH}%Y-%m").alias(_MONTH)
    )
    return {str(month): part for (month,), part in told.partition_by(_MONTH, as_dict=True, include_key=False).items()}


def is_told_by_persons(workspace: Workspace, entry: Entry) -> bool:
    """Whether it is known whose rows differ in all states that the table is made from. What is read across all shards
    may concern everybody."""
    return not any(
        workspace.draft.changed(layer_in(workspace, table), table)
        and (parameter.startswith(ALL_SHARDS) or touched.of(workspace.draft, table) is None)
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    )


def touched_since(workspace: Workspace, entry: Entry) -> date | None:
    """The first day on which an input of a state has another row than in the base release; None where everything is to
    be computed, as its rows do not follow from facts before their own day or that day is not known."""
    if not entry.goes_on or workspace.draft.base is None or is_redefined(workspace):
        return None
    days = [date.max]
    for table in entry.inputs:
        if not workspace.draft.changed(layer_in(workspace, table), table):
            continue
        since = _since(workspace, table)
        if since is None:
            return None
        days += since
    return min(days)


def _since(workspace: Workspace, table: str) -> list[date] | None:
    """The days of an input's rows that are others; None where they say no day."""
    if table in workspace.catalog.states:
        persons = touched.of(workspace.draft, table)
        return None if persons is None else persons["since"].to_list()
    if table == codes.TABLE:
        return None
    rows = _moved_rows(workspace, table)
    return rows["day"].to_list() if "day" in rows.columns else None


def _of_input(workspace: Workspace, entry: Entry, parameter: str, table: str) -> pl.DataFrame | None:
    if entry.table.unit != PERSON:
        return _changed_ids(workspace, table, entry.table.unit or "")
    if table in entry.table.looks_up:
        return _looked_up(workspace, entry, table)
    return None if parameter.startswith(ALL_SHARDS) else touched.of(workspace.draft, table)


def _changed_ids(workspace: Workspace, source: str, column: str) -> pl.DataFrame:
    """The values of a column in the rows of a source that came or went since the base release."""
    return _moved_rows(workspace, source).select(pl.col(column).unique())


def _moved(workspace: Workspace, source: str) -> Moved:
    """The rows of a source that came or went since the base release."""
    base = workspace.draft.base
    before, after = base.by_partition(codes.LAYER, source) if base else {}, workspace.draft.files(codes.LAYER, source)
    return moved.between(workspace, source, before, after)


def _moved_rows(workspace: Workspace, source: str) -> pl.DataFrame:
    rows = _moved(workspace, source)
    return pl.concat([rows.gone, rows.come])


def _looked_up(workspace: Workspace, entry: Entry, source: str) -> pl.DataFrame:
    """Who was looked up under an id whose rows changed, touched since its first day."""
    base, column = workspace.draft.base, entry.table.looks_up[source]
    ids = _changed_ids(workspace, source, column)
    known = scan_rows(
        workspace.store,
        catalog_in(workspace.catalog.folder),
        entry.table.name,
        base.of("states", entry.table.name) if base else [],
    )
    return known.join(ids.lazy(), on=column, how="semi").select("shard", "person", since="first_day").collect()
