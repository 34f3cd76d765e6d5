"""The published tables as they would be on another lake: computed beside the run's draft, never published.

The files this leaves belong to no release; the sweep at the end of the run takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from pipelines import build, moved, touched
from pipelines.causes import RATES, SOURCES, UNDATED, Causes, Lake
from pipelines.days import DayRange, is_redefined
from pipelines.inputs import layer_in, read_by
from pipelines.kept_rows import OWNER
from pipelines.otherwise import Otherwise
from pipelines.parts import scan_rows
from pipelines.patches import PatchedStore
from pipelines.table_days import days_of_table
from pipelines.workspace import Workspace
from warehouse import codes, durable, source_rows
from warehouse.catalog import Catalog
from warehouse.cells import Files, differing
from warehouse.code import code_version
from warehouse.draft import Draft
from warehouse.errors import SourceError
from warehouse.manifest import Manifest


def without_late_rows(workspace: Workspace, causes: Causes) -> Lake:
    """The run's lake of the days published before, less the late rows. Of a source in which nothing else happened to
    those days it is the lake of before. What has no day stays: rates, which amounts of new days need, and attributes of
    customers nobody knew, whom a changed fact may name."""
    lake = {source: workspace.draft.files(SOURCES, source) for source in workspace.catalog.sources}
    for source, before in causes.old_lake.items():
        if source not in {*causes.changed, UNDATED, RATES}:
            lake[source] = dict(before)
        elif source in causes.late:
            rows = causes.late[source]
            lake[source] = source_rows.without(workspace.store, source, before, lake[source], rows)
    return lake


def tables_on(
    workspace: Workspace, base: Manifest, lake: Lake, causes: Causes, wanted: Iterable[str], days: DayRange
) -> Mapping[str, Files]:
    """The files of the wanted tables on that lake for the days of the run that were published before, by the present
    definitions. What they say of later days is of no use.

    Only what the lake changes is computed. Where it has an amount without a rate, all rates of the run count.
    """
    try:
        return _computed(workspace, base, lake, causes, wanted, days)
    except SourceError:
        rates = workspace.draft.files(SOURCES, RATES)
        return _computed(workspace, base, {**lake, RATES: rates}, causes, wanted, days)


def _computed(
    workspace: Workspace, base: Manifest, lake: Lake, causes: Causes, wanted: Iterable[str], days: DayRange
) -> Mapping[str, Files]:
    redefined = is_redefined(workspace)
    draft = _draft_as_run_ended(workspace, base) if redefined else _draft(workspace, base)
    other = replace(workspace, draft=draft, store=PatchedStore(workspace.config.home))
    states, until = _states_of(workspace.catalog, wanted), date.fromisoformat(base.watermark)
    # Rates of the new days say nothing of states on the days before: they are wanted where amounts are converted.
    are_rates_new = not redefined and RATES in causes.unmoved
    for source, files in lake.items():
        if source != RATES or not are_rates_new:
            _put(other, source, files)
        if not redefined and other.draft.changed(SOURCES, source):
            _tell_moves(workspace, other, source, causes.late.get(source))
    # Codes are given once: whom a changed fact names may be known since this run alone.
    _put(other, codes.TABLE, workspace.draft.files(SOURCES, codes.TABLE))
    for state in states:
        if not redefined and _is_made_alike(workspace, other, state, causes, until):
            _take_over(workspace, other, state)
        else:
            build.build_state(other, state)
    if RATES in lake:
        _put(other, RATES, lake[RATES])
    told_by = [other.draft] if redefined else [workspace.draft, other.draft]
    otherwise = Otherwise(workspace, other, told_by, until)
    for table in wanted:
        workspace.report(f"restatements: {table} once more, to tell causes apart")
        _compute(otherwise, other, table, days_of_table(workspace, table, days))
    found = {table: other.draft.files("metrics", table) for table in wanted}
    other.draft.discard()
    return found


def _is_made_alike(run: Workspace, other: Workspace, state: str, causes: Causes, until: date) -> bool:
    """Whether a state is made of the same as in the run, as far as days until one follow from it. (Of the same base, it
    is made by the same settings.)"""
    entry = run.catalog[state]
    return all(
        _is_seen_alike(run, other, table, read_by(run, entry, parameter), until)
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
        if table not in causes.unmoved
    )


def _is_seen_alike(
    run: Workspace, other: Workspace, table: str, read: Callable[[pl.LazyFrame], pl.LazyFrame] | None, until: date
) -> bool:
    """Whether all that is read of a table is the same, or others have other rows since later days only."""
    layer = layer_in(run, table)
    if not differing(*(one.draft.files(layer, table) for one in (run, other))):
        return True
    told = [touched.of(one.draft, table) for one in (run, other)]
    known = [rows for rows in told if rows is not None]
    if len(known) < len(told):
        return False
    persons = touched.together(known).filter(pl.col("since") <= until)
    if persons.is_empty():
        return True
    if read is None:
        return False
    began = pl.col(touched.day_of(run.catalog[table].table)) <= until
    sides = []
    for one in (run, other):
        rows = scan_rows(one.store, one.catalog, table, one.draft.files(layer, table).values()).filter(began)
        sides.append(read(rows.join(persons.lazy(), on=OWNER, how="semi")).collect().sort(pl.all()))
    return bool(sides[0].equals(sides[1]))


def _take_over(run: Workspace, other: Workspace, state: str) -> None:
    """A state as the run made it, and whom that touched."""
    persons = touched.of(run.draft, state)
    if persons is not None:
        touched.record(other.draft, state, persons)
    _put(other, state, run.draft.files("states", state), "states")


def _put(other: Workspace, table: str, files: Files, layer: str = SOURCES) -> None:
    begun = other.draft.base.by_partition(layer, table) if other.draft.base else {}
    other.draft.put(layer, table, {name: files.get(name) for name in differing(begun, files)})


def _tell_moves(run: Workspace, other: Workspace, source: str, without: pl.DataFrame | None) -> None:
    """What the run moved in a source, less the rows that the lake lacks."""
    found = moved.of(run.draft, source)
    if found is not None:
        come = found.come if without is None else found.come.join(without, on=source_rows.ORIGIN, how="anti")
        moved.keep(other.draft, source, replace(found, come=come))
        moved.record(other, source)


def _compute(otherwise: Otherwise, other: Workspace, table: str, days: DayRange) -> None:
    """Measures the persons that differ, or everybody where that does not tell."""
    entry, settings = other.catalog[table], build.settings_of_months(other, days)
    measured = None if entry.is_combined else otherwise.measured(entry, settings)
    if measured is None:
        build.build_metric(other, table, days)
    else:
        build.keep_metric(other, entry, settings, measured)


def _draft(workspace: Workspace, base: Manifest) -> Draft:
    """A draft that begins from the base, as the run's own did. What the run took in is still to be put into it."""
    name = f"{workspace.draft.run_id}.what-if"
    durable.empty_folder(workspace.draft.folder.parent / name)
    return Draft.open_or_create(workspace.config.home, name, base)


def _draft_as_run_ended(workspace: Workspace, base: Manifest) -> Draft:
    """A draft that begins as the run's own ends: by other rules, all that the base holds is another."""
    ended = replace(
        base,
        files=workspace.draft.all_files(),
        notes=workspace.draft.all_notes(),
        code_version=code_version(),
        config_version=workspace.config.version,
    )
    return _draft(workspace, ended)


def _states_of(catalog: Catalog, tables: Iterable[str]) -> list[str]:
    """The states that these tables are made from, in an order in which they can be computed."""
    needed: set[str] = set()
    todo = list(tables)
    while todo:
        more = {name for name in catalog[todo.pop()].inputs if name in catalog.states} - needed
        needed |= more
        todo += sorted(more)
    return [name for name in catalog.states if name in needed]
