"""What a metric table's measure returns on other states, from what it returned on the run's own.

A measure adds up over persons, so only those whose states differ are measured, on both: what they were is taken off,
what they would be is put on. Where that cannot tell whether a row is there at all, nothing is said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from pipelines import touched
from pipelines.build import partial_of, shards_of
from pipelines.inputs import layer_in, part_of
from pipelines.months import month_of
from pipelines.parts import compute_partial, shard_in
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.names import MONTH
from warehouse.settings import Settings

DATE = "date"


def measured(run: Workspace, other: Workspace, entry: Entry, settings: Settings, until: date) -> pl.LazyFrame | None:
    """The rows over all shards, right for days until then; None where the table has to be measured whole.

    `other` began from the states of the run and has built anew what differs; `settings` are those that the run's
    partials were made with. Who differs since a later day only makes no difference: a day follows from facts until it.
    """
    partials = [partial_of(run, entry, name) for name in shards_of(run)]
    persons = _differing_persons(other, entry)
    if persons is None or not all(partial.exists() for partial in partials):
        return None
    persons = persons.filter(pl.col("since") <= until)
    own = pl.scan_parquet(partials)
    was, would_be = (_of_persons(workspace, entry, settings, persons) for workspace in (run, other))
    keys = [column.name for column in entry.table.keys if column.name in was.columns]
    if not entry.table.measures:
        left = own.join(was.lazy(), on=keys, how="anti", nulls_equal=True)
        return pl.concat([left, would_be.lazy()], how="diagonal")
    if not _says_which_rows(run, entry, settings, own.collect(), was, would_be):
        return None
    return pl.concat([own, _less(was, keys).lazy(), would_be.lazy()], how="diagonal")


def _differing_persons(other: Workspace, entry: Entry) -> pl.DataFrame | None:
    """The persons with other rows in any state that the table is made from; None where that is not known, or where
    what is read across all shards differs: it may concern everybody."""
    found = []
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        if not other.draft.changed(layer_in(other, table), table):
            continue
        persons = None if parameter.startswith(ALL_SHARDS) else touched.of(other.draft, table)
        if persons is None:
            return None
        found.append(persons)
    return touched.together(found)


def _of_persons(workspace: Workspace, entry: Entry, settings: Settings, persons: pl.DataFrame) -> pl.DataFrame:
    """What the measure returns for these persons alone."""
    parts: list[pl.DataFrame] = []
    for name in shards_of(workspace):
        mine = persons.filter(shard=shard_in(name))
        if mine.height or not parts:
            target = partial_of(workspace, entry, f"{name}.touched")
            part = replace(part_of(workspace, entry, name, settings, target), touched=mine)
            parts.append(pl.read_parquet(compute_partial(part)))
    return pl.concat(parts, how="diagonal")


def _says_which_rows(
    run: Workspace, entry: Entry, settings: Settings, own: pl.DataFrame, was: pl.DataFrame, would_be: pl.DataFrame
) -> bool:
    """Whether the sums tell which rows there are: a row of nobody else's may be there for what was taken off alone."""
    keys = [column.name for column in entry.table.keys if column.name in own.columns]
    if not entry.table.every_day:
        sums = pl.concat([own, _less(was, keys), would_be], how="diagonal").group_by(keys).agg(pl.exclude(keys).sum())
        nothing = sums.filter(pl.all_horizontal(pl.exclude(keys) == 0))
        gone = was.join(would_be, on=keys, how="anti", nulls_equal=True)
        return nothing.join(gone, on=keys, how="semi", nulls_equal=True).is_empty()
    keys.remove(DATE)
    own_first, first, first_now = (rows.group_by(keys).agg(pl.col(DATE).min()) for rows in (own, was, would_be))
    began = first.join(own_first, on=[*keys, DATE], how="semi", nulls_equal=True)
    stays = first_now.join(began, on=[*keys, DATE], how="semi", nulls_equal=True)
    doubtful = began.join(stays, on=keys, how="anti", nulls_equal=True)
    if doubtful.is_empty():
        return True
    before = run.draft.files("metrics", entry.table.name).get(MONTH + month_of(settings.first_day - timedelta(days=1)))
    if before is None:
        return False
    present = run.store.scan([before]).filter(pl.col(DATE) == settings.first_day - timedelta(days=1)).select(keys)
    return doubtful.join(present.collect(), on=keys, how="anti", nulls_equal=True).is_empty()


def _less(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return rows.with_columns((0 - pl.exclude(keys)).name.keep())
