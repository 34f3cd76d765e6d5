"""What a metric table's measure returns on other states, from what it returned on the run's own.

A measure adds up over persons, so only those whose states differ are measured, on both: what they were is taken off,
what they would be is put on. Where that cannot tell whether a row is there at all, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from pipelines import touched
from pipelines.one_shard import OneShard
from pipelines.partials import measured_by
from pipelines.sums import doubtful, keys_of, replaced
from pipelines.units import is_told_by_persons
from pipelines.workspace import Workspace
from warehouse.catalog import Entry
from warehouse.settings import Settings


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
        own = measured_by(self._run, entry)
        if own is None or not is_told_by_persons(self._other, entry):
            return None
        was, would_be = self._was.measured(entry, settings), self._would_be.measured(entry, settings)
        if was is None or would_be is None:
            return None
        if not entry.table.measures:
            left = own.join(was.lazy(), on=keys_of(entry.table, was), how="anti", nulls_equal=True)
            return pl.concat([left, would_be.lazy()], how="diagonal")
        counted = own.collect()
        if doubtful(self._run, entry, settings, counted, was, would_be).height:
            return None
        return replaced(entry.table, counted, was, would_be).lazy()
