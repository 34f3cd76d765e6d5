"""The published tables as they would be on another lake: computed beside the run's draft, never published.

The files this leaves belong to no release; the sweep at the end of the run takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from pipelines import build, touched
from pipelines.causes import RATES, SOURCES, Causes, Lake
from pipelines.days import DayRange, is_redefined
from pipelines.known_parts import KnownParts
from pipelines.otherwise import Otherwise
from pipelines.workspace import Workspace
from warehouse import durable, source_rows
from warehouse.catalog import Catalog
from warehouse.cells import Files, differing
from warehouse.code import code_version
from warehouse.draft import Draft
from warehouse.errors import SourceError
from warehouse.manifest import Manifest


def without_late_rows(workspace: Workspace, causes: Causes) -> Lake:
    """The run's lake of the days published before, less the late rows."""
    lake = {source: workspace.draft.files(SOURCES, source) for source in workspace.catalog.sources}
    for source, rows in causes.late.items():
        before = causes.old_lake[source]
        is_as_before = source in causes.only_late
        lake[source] = (
            dict(before) if is_as_before else source_rows.without(workspace.store, source, before, lake[source], rows)
        )
    return lake


def tables_on(
    workspace: Workspace, base: Manifest, lake: Lake, wanted: Iterable[str], days: DayRange
) -> Mapping[str, Files]:
    """The files of the wanted tables on that lake, for the days of the run that were published before, by the present
    definitions. What they say of later days is of no use.

    Only what the lake changes is computed. Where it has an amount without a rate, all rates of the run count.
    """
    try:
        return _computed(workspace, base, lake, wanted, days)
    except SourceError:
        rates = workspace.draft.files(SOURCES, RATES)
        return _computed(workspace, base, {**lake, RATES: rates}, wanted, days)


def _computed(
    workspace: Workspace, base: Manifest, lake: Lake, wanted: Iterable[str], days: DayRange
) -> Mapping[str, Files]:
    draft, redefined = _draft_beside(workspace, base), is_redefined(workspace)
    for source, files in lake.items():
        present = workspace.draft.files(SOURCES, source)
        draft.put(SOURCES, source, {name: files.get(name) for name in differing(present, files)})
        # Of what a run moves, a part is moved back.
        if (persons := touched.of(workspace.draft, source)) is not None and not redefined:
            touched.record(draft, source, persons)
    other = replace(workspace, draft=draft)
    states = _states_of(workspace.catalog, wanted)
    # By other rules the base's parts are others, whatever they were made from.
    known = None if redefined else KnownParts(workspace.as_in(base), workspace)
    for state in states:
        build.build_state(other, state, known=known)
    otherwise = Otherwise(workspace, other, states, date.fromisoformat(base.watermark))
    for table in wanted:
        workspace.report(f"restatements: {table} once more, to tell causes apart")
        _compute(otherwise, other, table, days)
    found = {table: draft.files("metrics", table) for table in wanted}
    draft.discard()
    return found


def _compute(otherwise: Otherwise, other: Workspace, table: str, days: DayRange) -> None:
    """Measures the persons that differ, or everybody where that does not tell."""
    entry, settings = other.catalog[table], build.settings_of_months(other, days)
    measured = None if entry.is_combined else otherwise.measured(entry, settings)
    if measured is None:
        build.build_metric(other, table, days)
    else:
        build.keep_metric(other, entry, settings, measured)


def _draft_beside(workspace: Workspace, base: Manifest) -> Draft:
    """A draft that begins as the run's own ends."""
    made = replace(
        base,
        files=workspace.draft.all_files(),
        notes=workspace.draft.all_notes(),
        code_version=code_version(),
        config_version=workspace.config.version,
    )
    name = f"{workspace.draft.run_id}.what-if"
    durable.empty_folder(workspace.draft.folder.parent / name)
    return Draft.open_or_create(workspace.config.home, name, made)


def _states_of(catalog: Catalog, tables: Iterable[str]) -> list[str]:
    """The states that these tables are made from, in an order in which they can be computed."""
    needed: set[str] = set()
    todo = list(tables)
    while todo:
        more = {name for name in catalog[todo.pop()].inputs if name in catalog.states} - needed
        needed |= more
        todo += sorted(more)
    return [name for name in catalog.states if name in needed]
