"""Whose rows of a state came out otherwise in a way that the days of a run see: a date beyond them is only a later day.

Whoever is still active has another last day of a span after each day of use; until that day comes, no table counts
otherwise for it.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines import successors, touched
from pipelines.inputs import layer_in, read_by
from pipelines.kept_rows import NUMBER, OWNER
from pipelines.parts import PERSON, catalog_in, scan_rows
from pipelines.workspace import Workspace
from warehouse.catalog import Entry


def persons(workspace: Workspace, entry: Entry, parameter: str, state: str, last_day: date) -> pl.DataFrame:
    """Of those whom the run touches in a state (shard, person, since) the ones with other rows that a table reads, up
    to the last day; all of them where their rows are not kept in memory, or have no date but one."""
    told = touched_as_read(workspace, entry, parameter, state, last_day)
    dates = _dates_of(workspace, state)
    if len(dates) < 2:
        return told
    files = tuple(workspace.draft.files(layer_in(workspace, state), state).values())
    replaced = successors.replaced(workspace.draft, state)

    def seen() -> pl.DataFrame:
        asked = workspace.kept.asked(told)
        if asked.among is None or replaced is None:
            return told
        now = workspace.kept.of(workspace.store, catalog_in(workspace.catalog.folder), state, files, asked)
        others = _others(replaced().join(asked.persons, on=OWNER), now, dates, last_day)
        return told.join(workspace.kept.known_as(others), on=OWNER, how="semi")

    return workspace.kept.made_of(f"{state}, seen{as_read_by(entry, parameter)}", files, seen)


def touched_as_read(workspace: Workspace, entry: Entry, parameter: str, state: str, last_day: date) -> pl.DataFrame:
    """Of those whom the run touches in a state up to the last day (shard, person, since) the ones of whom the table
    reads, now or before, a row that may be another: with a date from that first day on, or none, in a part that is
    another."""
    anybody = touched.of(workspace.draft, state)
    assert anybody is not None
    told = anybody.filter(pl.col("since") <= last_day)
    read, replaced = read_by(workspace, entry, parameter), successors.replaced(workspace.draft, state)
    dates = _dates_of(workspace, state)
    if read is None or replaced is None or not dates:
        return told
    layer = layer_in(workspace, state)
    changed = workspace.draft.changed(layer, state)
    files = tuple(file for file in workspace.draft.files(layer, state).values() if file.partition in changed)

    def of_read() -> pl.DataFrame:
        now = scan_rows(workspace.store, catalog_in(workspace.catalog.folder), state, files)
        sides = (read(rows).select(*OWNER, *dates) for rows in (now, replaced().lazy()))
        is_before = pl.all_horizontal((pl.col(name) < pl.col("since")).fill_null(False) for name in dates)
        among = pl.concat(sides).join(told.lazy(), on=OWNER).filter(~is_before)
        return told.lazy().join(among, on=OWNER, how="semi").collect()

    return workspace.kept.made_of(f"{state}, touched{as_read_by(entry, parameter)}", files, of_read)


def _dates_of(workspace: Workspace, state: str) -> list[str]:
    return [name for name, dtype in workspace.catalog[state].table.polars_schema().items() if dtype == pl.Date]


def as_read_by(entry: Entry, parameter: str) -> str:
    """How what is made of a state for a table is named apart from what others make of all its rows."""
    return f" as {entry.table.name} reads it" if parameter in entry.reads else ""


def _others(before: pl.DataFrame, now: pl.DataFrame, dates: list[str], last_day: date) -> pl.Series:
    """The numbers of the persons whose rows are not the same, as far as the last day sees them."""
    beyond = pl.lit(last_day + timedelta(days=1))
    clipped = [pl.when(pl.col(name) > beyond).then(beyond).otherwise(pl.col(name)).alias(name) for name in dates]
    sides = (before.with_columns(pl.col(NUMBER).alias(PERSON)).select(now.columns), now)
    signed = pl.concat(
        rows.with_columns(*clipped, sign=pl.lit(sign)) for rows, sign in zip(sides, (-1, 1), strict=True)
    )
    others = signed.group_by(pl.exclude("sign")).agg(pl.col("sign").sum()).filter(pl.col("sign") != 0)
    return others[PERSON].unique()
