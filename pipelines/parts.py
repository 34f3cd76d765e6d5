"""One part of one table's work: a picklable description of it, and the functions that do it anywhere.

A part is a shard, a month or everything. Its inputs are immutable files, so it may run again and in any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import polars as pl

from pipelines import touched as touched_by
from warehouse import catalog as catalogs
from warehouse import codes
from warehouse.catalog import ALL_SHARDS, Catalog, Entry
from warehouse.manifest import DataFile
from warehouse.names import MONTH
from warehouse.settings import Settings
from warehouse.store import Store

STATE_ROW_GROUP = 1 << 19
SHARD = "shard="
EVERYTHING = "everything"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Part:
    """What to compute: the files of each parameter of the table's function, and where a partial result goes.

    `name` is its shard, month or EVERYTHING; `before` are the files of the state's partitions that it stands for, with
    which the new rows are compared if asked for. Of a part with `touched` units, persons (shard, person, since)
    or ids, only their rows are computed.
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

    @property
    def rows(self) -> int:
        """How many rows its inputs hold."""
        return sum(file.rows for files in self.inputs.values() for file in files)


@dataclass(frozen=True, slots=True)
class Computed:
    """The files of a part of a state by partition; if compared, the persons whose rows are not those of `before`."""

    files: dict[str, DataFile]
    touched: pl.DataFrame


def compute_state(part: Part) -> Computed:
    """Computes this part of a state and keeps it, sorted by the grain."""
    entry = catalog_in(part.catalog_folder)[part.table]
    rows = _apply(part, entry).select(pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns)
    found = _by_partition(part, entry, rows.collect())
    unit, rows_of_none = entry.table.unit, pl.DataFrame(schema=entry.table.polars_schema())
    grain = [column.name for column in entry.table.grain]
    written, touched = {}, [touched_by.NOBODY]
    for partition in sorted(found.keys() | part.before.keys()):
        after = found.get(partition, rows_of_none).sort(grain)
        if part.is_compared:
            before = _before(part, entry, partition)
            touched.append(_touched(part, entry, partition, before, after))
            if part.touched is not None:
                after = _in_order_of_units(entry, [before.filter(~_is_among(part.touched, unit)), after])
        if after.height:
            written[partition] = _write(part, entry, partition, after)
    return Computed(written, pl.concat(touched))


def _before(part: Part, entry: Entry, partition: str) -> pl.DataFrame:
    file = part.before.get(partition)
    if file is None:
        return pl.DataFrame(schema=entry.table.polars_schema())
    return part.store.scan([file], entry.table.polars_schema()).collect()


def _touched(part: Part, entry: Entry, partition: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The persons whose rows differ. If the touched units are persons, since when follows from the inputs."""
    if part.touched is not None:
        before = before.filter(_is_among(part.touched, entry.table.unit))
    found = touched_by.differing(entry.table, shard_in(partition), before, after)
    if part.touched is None or entry.table.unit != PERSON:
        return found
    return part.touched.join(found, on=["shard", "person"], how="semi")


def _in_order_of_units(entry: Entry, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows of different units, each part sorted by the grain: the rows of a unit stay in their order."""
    grain = [column.name for column in entry.table.grain]
    up_to_the_unit = grain[: grain.index(entry.table.unit or PERSON) + 1]
    return pl.concat(parts).sort(up_to_the_unit, maintain_order=True)


def _is_among(touched: pl.DataFrame, unit: str | None) -> pl.Expr:
    return pl.col(unit or PERSON).is_in(touched[unit or PERSON].implode())


def _write(part: Part, entry: Entry, partition: str, rows: pl.DataFrame) -> DataFile:
    table = entry.table
    return part.store.write(
        "states",
        table.name,
        partition,
        rows,
        table.arrow_schema(),
        previous=part.before.get(partition),
        row_group_size=STATE_ROW_GROUP,
    )


def compute_partial(part: Part) -> Path:
    """The measures of one shard, written to `target`; returns it."""
    assert part.target is not None
    unfinished = part.target.with_suffix(".tmp")
    _apply(part, catalog_in(part.catalog_folder)[part.table]).collect().write_parquet(unfinished, compression="lz4")
    unfinished.replace(part.target)
    return part.target


def shard_in(partition: str) -> int:
    """The number of the shard that a partition belongs to; raises ValueError where it has none."""
    return int(partition.split("/")[0].removeprefix(SHARD))


def month_in(partition: str) -> str | None:
    """The `month=YYYY-MM` of a partition, or None."""
    last = partition.rpartition("/")[2]
    return last if last.startswith(MONTH) else None


def is_built_at_once(entry: Entry) -> bool:
    """Whether a state is computed for all shards together: `shard` is in its grain."""
    return entry.table.grain[0].name == "shard"


def _by_partition(part: Part, entry: Entry, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if not is_built_at_once(entry):
        return {part.name: rows} if rows.height else {}
    suffix = f"/{part.name}" if entry.table.partitioning == "shard/month" else ""
    split = rows.partition_by("shard", as_dict=True)
    return {codes.shard_name(int(key[0]), part.shards) + suffix: found for key, found in sorted(split.items())}


def _apply(part: Part, entry: Entry) -> pl.LazyFrame:
    catalog = catalog_in(part.catalog_folder)
    frames = {
        parameter: _of_touched(part, entry, parameter, scan_rows(part.store, catalog, table, part.inputs[parameter]))
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    }
    settings = {"settings": part.settings} if entry.takes_settings else {}
    result: pl.LazyFrame = entry.compute(**frames, **settings)
    return result


def _of_touched(part: Part, entry: Entry, parameter: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    """What is read across all shards is read whole, unless that is where the units are."""
    unit = entry.table.unit or PERSON
    is_of_units = unit in rows.collect_schema() and (unit != PERSON or not parameter.startswith(ALL_SHARDS))
    return rows.filter(_is_among(part.touched, unit)) if part.touched is not None and is_of_units else rows


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
    by_shard: dict[str, list[DataFile]] = {}
    for file in files:
        by_shard.setdefault(file.partition.split("/")[0], []).append(file)
    frames = [
        store.scan(group, schema).with_columns(shard=pl.lit(_shard_or_none(name), pl.UInt16))
        for name, group in by_shard.items()
    ]
    rows = pl.concat(frames) if frames else pl.LazyFrame(schema=schema).with_columns(shard=pl.lit(None, pl.UInt16))
    return rows.filter("is_current") if "is_current" in schema else rows


def _shard_or_none(partition: str) -> int | None:
    return shard_in(partition) if partition.startswith(SHARD) else None


@cache
def catalog_in(folder: Path | None) -> Catalog:
    """All tables there are under the folder (default: assets/), looked for once."""
    return catalogs.load(folder)
