"""One part of one table's work: a picklable description of it, and the functions that do it anywhere.

A part is a shard, a month or everything. Its inputs are immutable files, so it may run again and in any process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from pipelines import scratch
from pipelines import touched as touched_persons
from pipelines.months import first_day_of
from warehouse import catalog as catalogs
from warehouse import codes
from warehouse.catalog import ALL_SHARDS, Catalog, Entry
from warehouse.manifest import DataFile
from warehouse.names import month_in
from warehouse.settings import Settings
from warehouse.source_rows import Moved
from warehouse.store import Store

EVERYTHING = "everything"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Part:
    """What to compute: the files of each parameter of the table's function, and where a partial result goes.

    `name` is its shard, month or EVERYTHING; `before` are the files of the state's partitions that it stands for, with
    which the new rows are compared if asked for. Of a part with `touched` units, persons (shard, person, since)
    or ids, only their rows are computed; of one that is touched `since` a day, only rows that begin later. An input of
    which the state's own rows say what was before a day is `cut` there. Of a month it may be known which rows of its
    sources `moved`.
    """

    catalog_folder: Path | None
    table: str
    name: str
    shards: int
    inputs: Mapping[str, tuple[DataFile, ...]]
    settings: Settings
    store: Store
    target: Path | None = None
    before: Mapping[str, DataFile] = field(default_factory=dict)
    is_compared: bool = False
    touched: pl.DataFrame | None = None
    since: date | None = None
    cut: Mapping[str, date] = field(default_factory=dict)
    moved: Mapping[str, Moved] | None = None

    @property
    def rows(self) -> int:
        """How many rows its inputs hold."""
        return sum(file.rows for files in self.inputs.values() for file in files)


def compute_partial(part: Part) -> Path:
    """The measures of one shard, written to `target`; returns it."""
    assert part.target is not None
    scratch.keep(computed(part, catalog_in(part.catalog_folder)[part.table]).collect(), part.target)
    return part.target


def first_day_in(partition: str) -> date | None:
    """The first day of the month of a partition, or None."""
    month = month_in(partition)
    return None if month is None else first_day_of(month)


def is_in_part(name: str, partition: str) -> bool:
    """Whether the part of that name (a shard, a month, EVERYTHING) makes this partition."""
    return name == EVERYTHING or name in partition.split("/")


def computed(
    part: Part,
    entry: Entry,
    among: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows,
    own: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """The rows that the part's function returns for it, from those rows of its inputs that are `among` some. Where
    inputs are cut, `own` are the rows of its touched persons before the run."""
    catalog = catalog_in(part.catalog_folder)
    frames = {
        parameter: among(
            _of_touched(part, entry, parameter, scan_rows(part.store, catalog, table, part.inputs[parameter]))
        )
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    }
    for parameter, day in part.cut.items():
        assert own is not None
        frames[parameter] = pl.concat(
            [entry.remembered[parameter].rows(own, day, part.settings), frames[parameter]], how="diagonal"
        )
    return entry.computed(frames, part.settings)


def _of_touched(part: Part, entry: Entry, parameter: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    """What is read across all shards is read whole, unless that is where the units are. Of a source that names persons
    in its own columns, all rows of the touched are read, and some more perhaps."""
    unit, touched = entry.table.unit or PERSON, part.touched
    if touched is None:
        return rows
    if unit != PERSON:
        return rows.filter(is_among(touched, unit)) if unit in rows.collect_schema() else rows
    if parameter.startswith(ALL_SHARDS):
        return rows
    if PERSON in rows.collect_schema():
        return rows.filter(is_among(touched, PERSON))
    named = touched_persons.columns_of(rows.collect_schema().names())
    return rows.filter(touched_persons.is_any_of(touched, named)) if named else rows


def is_among(touched: pl.DataFrame, unit: str) -> pl.Expr:
    return pl.col(unit).is_in(touched[unit].implode())


def layer_of(catalog: Catalog, table: str) -> str:
    """The layer of a table that another one names as its input; the codes of persons come with the sources."""
    return codes.LAYER if table == codes.TABLE else catalog[table].table.layer


def _schema_of(catalog: Catalog, table: str) -> pl.Schema:
    return codes.SCHEMA if table == codes.TABLE else catalog[table].table.polars_schema()


def scan_rows(store: Store, catalog: Catalog, table: str, files: Iterable[DataFile]) -> pl.LazyFrame:
    """The rows that another table may see: current versions only, with the shard that they lie in."""
    schema = _schema_of(catalog, table)
    if "shard" in schema:
        return store.scan(files, schema)
    rows = codes.scan_with_shard(store, files, schema)
    return rows.filter("is_current") if "is_current" in schema else rows


@cache
def catalog_in(folder: Path | None) -> Catalog:
    """All tables there are under the folder (default: assets/), looked for once."""
    return catalogs.load(folder)
