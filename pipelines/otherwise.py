"""What a metric table's measure returns on other states, from what it returned on the run's own.

A measure adds up over persons, so only those whose states differ are measured, on both: what they were is taken off,
what they would be is put on. Where that cannot tell whether a row is there at all, nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from pipelines import touched
from pipelines.inputs import layer_in
from pipelines.one_shard import OneShard
from pipelines.partials import measured_by
from pipelines.sums import doubtful, keys_of, replaced
from pipelines.workspace import Workspace
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.cells import differing
from warehouse.draft import Draft
from warehouse.settings import Settings


class Otherwise:
    """The tables of a run as they are measured on the states of another workspace, right for days `until` one.

    The drafts that tell have recorded between them who differs, having begun from the same states or one from the
    other's. Who differs since a later day only makes no difference: a day follows from facts until it.
    """

    def __init__(self, run: Workspace, other: Workspace, told_by: Sequence[Draft], until: date) -> None:
        self._run, self._other, self._told_by, self._until = run, other, told_by, until

    def measured(self, entry: Entry, settings: Settings) -> pl.LazyFrame | None:
        """The rows of a table over all shards; None where it has to be measured whole. `settings` are those that the
        run's partials were made with."""
        own = measured_by(self._run, entry)
        if own is None or not self._is_told_by_persons(entry):
            return None
        persons = self._differing(entry)
        was = OneShard(self._run, persons).measured(entry, settings)
        would_be = OneShard(self._other, persons, run=self._run).measured(entry, settings)
        if was is None or would_be is None:
            return None
        if not entry.table.measures:
            left = own.join(was.lazy(), on=keys_of(entry.table, was), how="anti", nulls_equal=True)
            return pl.concat([left, would_be.lazy()], how="diagonal")
        counted = own.collect()
        if doubtful(self._run, entry, settings, counted, was, would_be).height:
            return None
        return replaced(entry.table, counted, was, would_be).lazy()

    def _differing(self, entry: Entry) -> pl.DataFrame:
        """The persons (shard, person, since) with other rows in what the table is made from, and perhaps some more."""
        told = (touched.of(draft, name) for name in entry.inputs if self._differs(name) for draft in self._told_by)
        persons = touched.together(rows for rows in told if rows is not None)
        return persons.filter(pl.col("since") <= self._until)

    def _is_told_by_persons(self, entry: Entry) -> bool:
        """Whether it is known whose rows differ in all states that the table is made from. What is read across all
        shards may concern everybody."""
        return not any(
            self._differs(table)
            and (parameter.startswith(ALL_SHARDS) or any(touched.of(draft, table) is None for draft in self._told_by))
            for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
        )

    def _differs(self, table: str) -> bool:
        layer = layer_in(self._run, table)
        return bool(differing(self._run.draft.files(layer, table), self._other.draft.files(layer, table)))
