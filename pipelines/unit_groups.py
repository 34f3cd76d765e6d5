"""The rows of a state over all shards, computed for some of its units at a time where all together are too many.

A unit (a person, a subscription) has its rows from its own rows of the inputs alone: what is touched relies on it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from pipelines import touched
from pipelines.parts import PERSON, Part, computed
from warehouse.catalog import Entry

# A row of a subscription takes a kilobyte while its state is made, one of an event a quarter.
ROWS_OF_IDS: Final = 1_000_000
ROWS_OF_PERSONS: Final = 4_000_000


def computed_rows(part: Part, entry: Entry) -> pl.DataFrame:
    """The rows of the part in the columns of the state, in no order."""
    columns = [pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns]
    groups = _groups(part, entry)
    if groups == 1:
        return computed(part, entry).select(columns).collect()
    return pl.concat(
        computed(part, entry, _of_group(entry, number, groups))
        .select(columns)
        .filter(_is_in(number, groups, "shard") if entry.table.unit == PERSON else pl.lit(True))
        .collect()
        for number in range(groups)
    )


def _groups(part: Part, entry: Entry) -> int:
    """How many groups of units to make. An event names persons of two shards, so that of twice as many groups less than
    twice a share of the rows is read."""
    if entry.table.unit is None or entry.table.grain[0].name != "shard":
        return 1
    if entry.table.unit == PERSON:
        times = part.rows // ROWS_OF_PERSONS
        return min(part.shards, 2 * times + 2) if times else 1
    return part.rows // ROWS_OF_IDS + 1


def _of_group(entry: Entry, number: int, groups: int) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """Keeps the rows of the inputs that may be of a group: by the unit's id, or by the shards of the persons named."""
    unit = entry.table.unit or PERSON

    def among(rows: pl.LazyFrame) -> pl.LazyFrame:
        names = rows.collect_schema().names()
        if unit != PERSON:
            return rows.filter(pl.col(unit).hash() % groups == number) if unit in names else rows
        shards = {"shard"} if PERSON in names else {shard for shard, _ in touched.columns_of(names)}
        return rows.filter(_is_in(number, groups, *sorted(shards))) if shards else rows

    return among


def _is_in(number: int, groups: int, *shards: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(shards) % groups == number)
