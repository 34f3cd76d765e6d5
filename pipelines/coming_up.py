"""Who has a date that the new days of a run see for the first time, or no longer: whom tables that go on measure anew.

Which of these a table counts otherwise is Table.recalls. What is found in a state is kept for all tables of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import polars as pl

from pipelines import touched
from pipelines.inputs import layer_in, read_by
from pipelines.kept_rows import OWNER
from pipelines.months import months_between
from pipelines.one_shard import of_a_group
from pipelines.parts import PERSON, catalog_in, scan_rows
from pipelines.seen_changes import as_read_by, touched_as_read
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.manifest import DataFile
from warehouse.names import month_in
from warehouse.settings import Settings


def persons(workspace: Workspace, entry: Entry, last_day: date, settings: Settings) -> Iterator[pl.DataFrame]:
    """The persons (shard, person, since) with a date, in any state of the table, that counts otherwise on a day after
    the last one."""
    recalled, since = pl.col("recall").is_in(entry.table.recalls or ()), pl.lit(last_day + timedelta(days=1), pl.Date)
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        if not parameter.startswith(ALL_SHARDS):
            found = _seen(workspace, entry, parameter, table, last_day, settings.last_day).filter(recalled)
            yield found.select(*OWNER, since=since).unique()


def expect_rows(workspace: Workspace, last_day: date, settings: Settings) -> None:
    """Says whom the tables that go on will ask about, as far as the states are made that tell it."""
    made = tuple(file for state in workspace.catalog.states for file in workspace.draft.files("states", state).values())
    everyone = workspace.kept.made_of("everyone", made, lambda: _everyone(workspace, last_day, settings))
    if everyone.height <= of_a_group(workspace):
        workspace.kept.expect(everyone, everyone.filter(pl.col("since") <= last_day))


def _everyone(workspace: Workspace, last_day: date, settings: Settings) -> pl.DataFrame:
    """Whom the run touches on days before, and whom it or a date that comes up touches in what a table reads."""
    told = [touched.of(workspace.draft, state) for state in workspace.catalog.states]
    asked = [rows.filter(pl.col("since") <= last_day) for rows in told if rows is not None]
    for entry in workspace.catalog.metrics.values():
        if entry.table.recalls is not None:
            asked += persons(workspace, entry, last_day, settings)
            asked += _touched(workspace, entry, settings.last_day)
    return touched.together(asked)


def _touched(workspace: Workspace, entry: Entry, last_day: date) -> Iterator[pl.DataFrame]:
    """Whom the run touches, up to the last day, in what the table reads; of a state that is not made yet, in what that
    is made from."""
    for parameter, state in zip(entry.parameters, entry.inputs, strict=True):
        if touched.of(workspace.draft, state) is not None:
            yield touched_as_read(workspace, entry, parameter, state, last_day)
        elif state in workspace.catalog.states:
            told = (touched.of(workspace.draft, table) for table in workspace.catalog[state].inputs)
            yield from (rows for rows in told if rows is not None)


def _seen(
    workspace: Workspace, entry: Entry, parameter: str, state: str, last_day: date, new_last_day: date
) -> pl.DataFrame:
    """The persons (shard, person) of a state with a date that one of the new days sees, and by which `recall`: so many
    days later that date counts otherwise to a table. Tables that read all its rows look through it together."""
    files = tuple(workspace.draft.files(layer_in(workspace, state), state).values())
    read = read_by(workspace, entry, parameter)
    readers = [one for one in workspace.catalog.metrics.values() if state in one.inputs] if read is None else [entry]
    recalls = sorted({days for one in readers for days in one.table.recalls or ()})
    return workspace.kept.made_of(
        f"{state}{as_read_by(entry, parameter)}",
        files,
        lambda: _looked_through(workspace, state, files, recalls, read, last_day, new_last_day),
    )


def _looked_through(
    workspace: Workspace,
    state: str,
    files: Sequence[DataFile],
    recalls: Sequence[int],
    read: Callable[[pl.LazyFrame], pl.LazyFrame] | None,
    last_day: date,
    new_last_day: date,
) -> pl.DataFrame:
    catalog = catalog_in(workspace.catalog.folder)
    schema = scan_rows(workspace.store, catalog, state, []).collect_schema()
    dates = [name for name, dtype in schema.items() if dtype == pl.Date]
    nobody = pl.DataFrame(schema={"shard": pl.UInt16, PERSON: pl.UInt32, "recall": pl.Int64})
    if PERSON not in schema or not dates or not recalls or new_last_day == last_day:
        return nobody
    rows = scan_rows(workspace.store, catalog, state, _with_dates(files, recalls, last_day, new_last_day))
    seen = {f"{days}": _is_seen(dates, days, last_day, new_last_day) for days in recalls}
    of_table = rows if read is None else read(rows)
    found = of_table.select(*OWNER, **seen).filter(pl.any_horizontal(*seen)).unique().collect()
    by_recall = (found.filter(f"{days}").select(*OWNER, recall=pl.lit(days, pl.Int64)) for days in recalls)
    return pl.concat([nobody, *by_recall])


def _with_dates(
    files: Sequence[DataFile], recalls: Sequence[int], last_day: date, new_last_day: date
) -> list[DataFile]:
    """The files that may have such a date: of a state by month, those of the months in question."""
    spans = ([day - timedelta(days=days) for day in (last_day, new_last_day)] for days in recalls)
    months = {month for first, last in spans for month in months_between(first, last)}
    return [file for file in files if month_in(file.partition) in (None, *months)]


def _is_seen(dates: Sequence[str], days: int, last_day: date, new_last_day: date) -> pl.Expr:
    """Whether one of the dates, so many days later, is one of the new days."""
    begin, end = (day - timedelta(days=days) for day in (last_day, new_last_day))
    return pl.any_horizontal(pl.col(dates).is_between(begin, end, closed="right"))
