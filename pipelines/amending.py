"""A month of a state from the rows it had and the rows of its sources that moved, without reading the sources again.

Counts add up, and of two first facts the earlier is first. Of whom that does not tell, all rows are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from pipelines.parts import PERSON, Part, catalog_in, scan_rows
from pipelines.unit_groups import computed_rows
from warehouse.catalog import IS_SURE, Entry

SOURCE = "source"


def amended(part: Part, entry: Entry, before: Iterable[pl.LazyFrame]) -> pl.DataFrame:
    """The rows of the touched persons, and some more perhaps, in the columns of the state and in no order. `before` are
    the rows that the touched had."""
    assert entry.amended is not None
    columns = [pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns]
    nothing = pl.LazyFrame(schema=entry.table.polars_schema())
    sides = (pl.concat([nothing, *before]), _of_side(part, entry, "gone"), _of_side(part, entry, "come"))
    rows: pl.DataFrame = entry.amended(*(side.select(columns) for side in sides)).collect()
    names = [name for name in ("shard", PERSON, SOURCE) if name in rows.columns]
    unsure = rows.filter(~pl.col(IS_SURE)).select(names).unique()
    if unsure.is_empty():
        return rows.select(columns)
    sure = rows.join(unsure, on=names, how="anti").select(columns)
    return pl.concat([sure, _anew(part, entry, unsure).join(unsure, on=names, how="semi")])


def _anew(part: Part, entry: Entry, unsure: pl.DataFrame) -> pl.DataFrame:
    """The rows of these persons from all that their sources say in the month; of a state whose rows are each of one
    source, only of those that are named."""
    assert part.touched is not None
    inputs = dict(part.inputs)
    if SOURCE in unsure.columns:
        named = set(unsure[SOURCE])
        inputs = {name: files if name in named else () for name, files in inputs.items()}
    persons = part.touched.join(unsure, on=["shard", PERSON], how="semi")
    return computed_rows(replace(part, touched=persons, inputs=inputs), entry)


def _of_side(part: Part, entry: Entry, side: str) -> pl.LazyFrame:
    """What the function of the state makes of the rows that came, or went, alone."""
    assert part.moved is not None
    catalog, frames = catalog_in(part.catalog_folder), {}
    for parameter, table in zip(entry.parameters, entry.inputs, strict=True):
        nothing = scan_rows(part.store, catalog, table, [])
        some = part.moved.get(parameter)
        rows = [getattr(some, side).lazy().select(nothing.collect_schema().names())] if some else []
        frames[parameter] = pl.concat([nothing, *rows])
    return entry.computed(frames, part.settings)
