"""Why published days may have changed in a run: another definition, changed or deleted source rows, late rows.

Found from the lake alone, before any number is looked at. What each cause did to the tables is for restatements.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from assets.histories.restatements import CHANGED_ROWS, DEFINITION, LATE_ROWS
from pipelines import moved
from pipelines.days import is_redefined
from pipelines.ingest import known_files
from pipelines.workspace import Workspace
from warehouse import codes, source_rows
from warehouse.cells import Files, differing
from warehouse.draft import Draft
from warehouse.inbox import InboxFile
from warehouse.manifest import Manifest
from warehouse.source_rows import Moved

SOURCES = "sources"
UNDATED, RATES = "customers", "fx_rates"
Lake = Mapping[str, Files]


@dataclass(frozen=True, slots=True)
class Causes:
    """`present` are the causes of this run, in their order. `old_lake` is what the present configuration makes of the
    deliveries that the base release had; `late` the late rows of each source that has some, `changed` the sources of
    which other rows changed, or went, in published days.
    """

    present: tuple[str, ...]
    old_lake: Lake
    late: Mapping[str, pl.DataFrame]
    changed: frozenset[str]

    @property
    def unmoved(self) -> frozenset[str]:
        """The sources of which no row of a published day came or went; attributes of customers have no day."""
        return frozenset(self.old_lake.keys() - {*self.late, *self.changed, UNDATED})


def find(workspace: Workspace, base: Manifest) -> Causes:
    """Compares the run's lake with the base's: only partitions that differ, and ids, are read."""
    redefined = is_redefined(workspace)
    old = {source: _old_files(workspace, base, source, redefined) for source in workspace.catalog.sources}
    last_day, changed, late = date.fromisoformat(base.watermark), set(), {}
    for source, before in old.items():
        after = workspace.draft.files(SOURCES, source)
        if not differing(before, after):
            continue
        is_extract = workspace.config.sources[source].full_extract
        rows = _moved(workspace, source, before, after)
        counted = _of_published_days(source, rows.come, last_day)
        unknown = source_rows.of_new_ids(workspace.store, source, counted, before, after, is_extract=is_extract)
        known = counted.join(unknown, on=source_rows.ORIGIN, how="anti")
        if known.height or _of_published_days(source, rows.gone, last_day).height:
            changed.add(source)
        if source == UNDATED:
            unknown = _with_facts(workspace, base, unknown)
        if unknown.height:
            late[source] = unknown
    found = {DEFINITION: redefined, CHANGED_ROWS: bool(changed), LATE_ROWS: bool(late)}
    present = tuple(cause for cause, is_there in found.items() if is_there)
    return Causes(present, old, late, frozenset(changed))


def _moved(workspace: Workspace, source: str, before: Files, after: Files) -> Moved:
    """By the files of the base as they would be read today where that is in another way."""
    if is_redefined(workspace):
        return source_rows.moved(workspace.store, source, before, after)
    return moved.between(workspace, source, before, after)


def _of_published_days(source: str, rows: pl.DataFrame, last_day: date) -> pl.DataFrame:
    """Facts of later days say nothing of the days published before."""
    return rows if source == UNDATED else rows.filter(pl.col("day") <= last_day)


def _with_facts(workspace: Workspace, base: Manifest, customers: pl.DataFrame) -> pl.DataFrame:
    """Attributes of customers nobody knew restate nothing."""
    known = workspace.store.scan(base.of(SOURCES, codes.TABLE), codes.SCHEMA).filter(pl.col("kind") == "customer")
    return customers.join(known.select("id").collect(), left_on="customer_id", right_on="id", how="semi")


def _old_files(workspace: Workspace, base: Manifest, source: str, redefined: bool) -> Files:
    before = base.by_partition(SOURCES, source)
    if not redefined:
        return before
    if source not in base.notes:  # configured since
        return workspace.draft.files(SOURCES, source)
    return _read_anew(workspace, base, source) or before


def _read_anew(workspace: Workspace, base: Manifest, source: str) -> Files | None:
    """The base's rows of a source where its files are to be read in another way now: those that still are in the inbox
    as they were then are read again; of the others the rows stay as they were. None where nothing is read otherwise."""
    reading, config = workspace.config.reading(source), workspace.config
    former, now = (known_files(one, source) for one in (base, replace(base, notes=workspace.draft.all_notes())))
    again = [
        InboxFile(path, now[path].size, now[path].mtime_ns)
        for path, known in sorted(former.items())
        if known.reading != reading and path in now and now[path].sha256 == known.sha256
    ]
    if not again:
        return None
    from pipelines.intake import take_in_again

    draft = Draft.open_or_create(config.home, f"{workspace.draft.run_id}.read-anew", base)
    present = workspace.draft.files(SOURCES, codes.TABLE)
    draft.put(SOURCES, codes.TABLE, dict(present))
    take_in_again(replace(workspace, draft=draft, report=lambda line: None), source, again)
    files = draft.files(SOURCES, source)
    draft.discard()
    return files
