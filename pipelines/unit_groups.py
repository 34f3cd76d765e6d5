"""The rows of a state over all shards, computed for some of its ids at a time where all together are too many.

An id (of a subscription) has its rows from its own rows of the inputs alone: what a run touches relies on it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from pipelines.parts import PERSON, Part, computed
from warehouse.catalog import Entry

# A row of a subscription takes more than a kilobyte while its state is made.
ROWS_OF_IDS: Final = 1_000_000


def computed_rows(part: Part, entry: Entry, own: pl.LazyFrame | None = None) -> pl.DataFrame:
    """The rows of the part in the columns of the state, in no order. Where inputs are cut, `own` are the rows of its
    touched persons before the run."""
    columns = [pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns]
    is_by_id = entry.table.unit not in (None, PERSON)
    is_whole = part.touched is None
    groups = part.rows // ROWS_OF_IDS + 1 if is_by_id and is_whole else 1
    if groups == 1:
        return computed(part, entry, own=own).select(columns).collect()
    parts = (computed(part, entry, _of_group(entry, number, groups)) for number in range(groups))
    return pl.concat(rows.select(columns).collect() for rows in parts)


def _of_group(entry: Entry, number: int, groups: int) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """Keeps of the inputs the rows with an id of the group; what has no such id is read by all groups."""
    unit = entry.table.unit or ""
    is_in_group = pl.col(unit).hash() % groups == number
    return lambda rows: rows.filter(is_in_group) if unit in rows.collect_schema() else rows
