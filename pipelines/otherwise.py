"""What a metric table's measure returns on other states, from what it returned on the run's own.

A measure adds up over persons, so only those whose states differ are measured, on both: what they were is taken off,
what they would be is put on. Where that cannot tell whether a row is there at all, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from pipelines import touched
from pipelines.build import partial_of, shards_of
from pipelines.inputs import layer_in
from pipelines.months import month_of
from pipelines.one_shard import OneShard
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.names import MONTH
from warehouse.settings import Settings

DATE = "date"


class Otherwise:
    """The tables of a run as they are measured on the states of another workspace, right for days `until` one.

    That one began from the states of the run and has built anew what differs. Who differs since a later day only makes
    no difference: a day follows from facts until it.
    """

    def __init__(self, run: Workspace, other: Workspace, states: Iterable[str], until: date) -> None:
        self._run, self._other = run, other
        told = [persons for state in states if (persons := touched.of(other.draft, state)) is not None]
        persons = touched.together(told).filter(pl.col("since") <= until)
        self._was, self._would_be = OneShard(run, persons), OneShard(other, persons)

    def measured(self, entry: Entry, settings: Settings) -> pl.LazyFrame | None:
        """The rows of a table over all shards; None where it has to be measured whole. `settings` are those that the
        run's partials were made with."""
        partials = [partial_of(self._run, entry, name) for name in shards_of(self._run)]
        if not _is_told_by_persons(self._other, entry) or not all(partial.exists() for partial in partials):
            return None
        was, would_be = self._was.measured(entry, settings), self._would_be.measured(entry, settings)
        if was is None or would_be is None:
            return None
        own = pl.scan_parquet(partials)
        keys = [column.name for column in entry.table.keys if column.name in was.columns]
        if not entry.table.measures:
            left = own.join(was.lazy(), on=keys, how="anti", nulls_equal=True)
            return pl.concat([left, would_be.lazy()], how="diagonal")
        if not _says_which_rows(self._run, entry, settings, own.collect(), was, would_be):
            return None
        return pl.concat([own, _less(was, keys).lazy(), would_be.lazy()], how="diagonal")


def _is_told_by_persons(other: Workspace, entry: Entry) -> bool:
    """Whether it is known whose rows differ in all states that the table is made from. What is read across all shards
    may concern everybody."""
    return not any(
        other.draft.changed(layer_in(other, table), table)
        and (parameter.startswith(ALL_SHARDS) or touched.of(other.draft, table) is None)
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    )


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
