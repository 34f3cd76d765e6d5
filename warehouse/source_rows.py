"""The rows of a source that count, in two versions of the lake: which of them came, went, or have an id of old.

What that means for a published table is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse.cells import Files, differing
from warehouse.contract import CONTRACTS
from warehouse.manifest import DataFile
from warehouse.store import Store

ORIGIN = ("file", "row")
KEY = ".key"
# Of subscriptions that begin at the same instant, file and line say which is first.
_PLACE_COUNTS = ("subscriptions",)


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows, in the source's columns with their KEY: those that counted before and do not now, and those new to count.

    A row that only came in another file, or on another line, is in neither, unless its place counts.
    """

    gone: pl.DataFrame
    come: pl.DataFrame


def moved(store: Store, source: str, before: Files, after: Files) -> Moved:
    """What moved between two versions of a source; only the partitions that differ are read."""
    names, schema = differing(before, after), CONTRACTS[source].table.polars_schema()
    sides = (store.scan([side[name] for name in names if name in side], schema) for side in (before, after))
    gone, come = (rows.filter("is_current").collect() for rows in sides)
    return apart(source, gone, come)


def apart(source: str, gone: pl.DataFrame, come: pl.DataFrame) -> Moved:
    """What moved, if these are the rows that counted before and that count now; those that stayed may be left out."""
    gone, come = (rows.with_columns(CONTRACTS[source].key().alias(KEY)) for rows in (gone, come))
    bookkeeping = {KEY, "is_current"} if source in _PLACE_COUNTS else {KEY, "is_current", *ORIGIN}
    business = [name for name in gone.columns if name not in bookkeeping]
    return Moved(
        gone=gone.join(come, on=business, how="anti", nulls_equal=True),
        come=come.join(gone, on=business, how="anti", nulls_equal=True),
    )


def of_new_ids(
    store: Store, source: str, rows: pl.DataFrame, before: Files, after: Files, *, is_extract: bool
) -> pl.DataFrame:
    """Those of the rows whose id no version of any row had before; rows without an id are all new.

    The version that counted before does not now, so it lies in a partition that differs. Only an extract has ids of
    which no version counts: there all partitions are looked through.
    """
    if rows.is_empty():
        return rows
    contract = CONTRACTS[source]
    names = before.keys() if is_extract else before.keys() & differing(before, after)
    files = [before[name] for name in names]
    known = store.scan(files, contract.table.polars_schema()).select(contract.key().alias(KEY))
    found = known.join(rows.lazy().select(KEY).drop_nulls().unique(), on=KEY, how="semi").unique().collect()
    return rows.join(found, on=KEY, how="anti")


def without(store: Store, source: str, before: Files, files: Files, rows: pl.DataFrame) -> dict[str, DataFile]:
    """The files of a source as they would be without these rows (by file and line), which have come since `before`;
    most stay the same."""
    table, kept = CONTRACTS[source].table, dict(files)
    for name in files.keys() & differing(before, files):
        content = store.scan([files[name]]).collect()
        left = content.join(rows, on=ORIGIN, how="anti")
        if left.height < content.height:
            kept[name] = store.write("sources", source, name, left, table.arrow_schema())
    return kept
