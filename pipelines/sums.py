"""What a measure returned for everybody, with what some persons counted taken off and what they count now put on.

Who these persons are is not known here.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.months import month_of
from pipelines.workspace import Workspace
from warehouse.catalog import Entry
from warehouse.names import MONTH
from warehouse.settings import Settings
from warehouse.table import DATE, Table


def replaced(table: Table, own: pl.DataFrame, was: pl.DataFrame, would_be: pl.DataFrame) -> pl.DataFrame:
    """The sums of `own` less `was` plus `would_be`, by key."""
    keys = keys_of(table, own)
    less = was.with_columns((0 - pl.exclude(keys)).name.keep())
    return pl.concat([own, less, would_be], how="diagonal").group_by(keys).agg(pl.exclude(keys).sum())


def doubtful(
    run: Workspace, entry: Entry, settings: Settings, own: pl.DataFrame, was: pl.DataFrame, would_be: pl.DataFrame
) -> pl.DataFrame:
    """The keys of which the sums do not tell whether they are there, and from when on: a row of nobody else's may be
    there for what was taken off alone."""
    keys = keys_of(entry.table, own)
    if entry.table.zero_is_none:
        return own.clear().select(keys)
    if not entry.table.every_day:
        nothing = replaced(entry.table, own, was, would_be).filter(pl.all_horizontal(pl.exclude(keys) == 0))
        gone = was.join(would_be, on=keys, how="anti", nulls_equal=True)
        return nothing.join(gone, on=keys, how="semi", nulls_equal=True).select(keys)
    keys.remove(DATE)
    own_first, first, first_now = (rows.group_by(keys).agg(pl.col(DATE).min()) for rows in (own, was, would_be))
    began = first.join(own_first, on=[*keys, DATE], how="semi", nulls_equal=True)
    stays = first_now.join(began, on=[*keys, DATE], how="semi", nulls_equal=True)
    unsure = began.join(stays, on=keys, how="anti", nulls_equal=True)
    before = run.draft.files("metrics", entry.table.name).get(MONTH + month_of(settings.first_day - timedelta(days=1)))
    if before is None or unsure.is_empty():
        return unsure.select(keys)
    present = run.store.scan([before]).filter(pl.col(DATE) == settings.first_day - timedelta(days=1)).select(keys)
    return unsure.join(present.collect(), on=keys, how="anti", nulls_equal=True).select(keys)


def keys_of(table: Table, rows: pl.DataFrame) -> list[str]:
    """The columns of the rows that name one."""
    return [column.name for column in table.keys if column.name in rows.columns]
