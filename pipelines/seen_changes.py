"""Whose rows of a state came out otherwise in a way that the days of a run see: a date beyond them is only a later day.

Whoever is still active has another last day of a span after each day of use; until that day comes, no table counts
otherwise for it.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines import successors, touched
from pipelines.inputs import layer_in
from pipelines.kept_rows import OWNER, Asked
from pipelines.parts import PERSON, catalog_in, scan_rows
from pipelines.workspace import Workspace
from warehouse.catalog import Entry
from warehouse.manifest import DataFile, Manifest


def persons(
    workspace: Workspace, base: Manifest, entry: Entry, parameter: str, state: str, last_day: date
) -> pl.DataFrame:
    """Of those whom the run touches in a state (shard, person, since) the ones with other rows that a table reads, up
    to the last day; all of them where their rows are not kept in memory, or have no date but one."""
    told = touched_as_read(workspace, entry, parameter, state)
    schema = workspace.catalog[state].table.polars_schema()
    dates = [name for name, dtype in schema.items() if dtype == pl.Date]
    if len(dates) < 2:
        return told
    files = tuple(workspace.draft.files(layer_in(workspace, state), state).values())
    former = tuple(base.by_partition("states", state).values())

    def seen() -> pl.DataFrame:
        asked = workspace.kept.asked(told)
        if asked.among is None:
            return told
        return told.join(_seen(workspace, state, (former, files), asked, dates, last_day), on=OWNER, how="semi")

    return workspace.kept.made_of(f"{state}, seen{_as_read_by(entry, parameter)}", files, seen)


def touched_as_read(workspace: Workspace, entry: Entry, parameter: str, state: str) -> pl.DataFrame:
    """Of those whom the run touches in a state (shard, person, since) the ones of whom the table reads, now or before,
    a row that may be another: one of that first day or a later one, in a part that is another."""
    told = touched.of(workspace.draft, state)
    assert told is not None
    replaced = successors.replaced(workspace.draft, state)
    if parameter not in entry.reads or replaced is None:
        return told
    layer = layer_in(workspace, state)
    changed = workspace.draft.changed(layer, state)
    files = tuple(file for file in workspace.draft.files(layer, state).values() if file.partition in changed)

    def read() -> pl.DataFrame:
        now = scan_rows(workspace.store, catalog_in(workspace.catalog.folder), state, files)
        day = touched.day_of(workspace.catalog[state].table)
        sides = (entry.reads[parameter](rows).select(*OWNER, day) for rows in (now, replaced().lazy()))
        among = pl.concat(sides).join(told.lazy(), on=OWNER).filter(pl.col(day) >= pl.col("since"))
        return told.lazy().join(among, on=OWNER, how="semi").collect()

    return workspace.kept.made_of(f"{state}, touched{_as_read_by(entry, parameter)}", files, read)


def _as_read_by(entry: Entry, parameter: str) -> str:
    return f" as {entry.table.name} reads it" if parameter in entry.reads else ""


def _seen(
    workspace: Workspace,
    state: str,
    versions: tuple[tuple[DataFile, ...], ...],
    asked: Asked,
    dates: list[str],
    last_day: date,
) -> pl.DataFrame:
    """Whose rows are others in both versions, as far as the last day sees them."""
    catalog, beyond = catalog_in(workspace.catalog.folder), pl.lit(last_day + timedelta(days=1))
    signed = []
    successor = successors.of(workspace.draft, state, *versions)
    for files, sign in zip(versions, (-1, 1), strict=True):
        rows = workspace.kept.of(workspace.store, catalog, state, files, asked, successor if sign < 0 else None)
        clipped = (pl.when(pl.col(name) > beyond).then(beyond).otherwise(pl.col(name)).alias(name) for name in dates)
        signed.append(rows.with_columns(*clipped, sign=pl.lit(sign)))
    both = pl.concat(signed)
    others = both.group_by(pl.exclude("sign")).agg(pl.col("sign").sum()).filter(pl.col("sign") != 0)
    return workspace.kept.known_as(others[PERSON].unique())
