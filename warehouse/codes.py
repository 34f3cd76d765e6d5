"""Gives every person a shard and a small number in it, once and for ever.

The shard follows from the id alone; the number from when the id was first seen. What is known of a person is
elsewhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import polars as pl
import pyarrow as pa

from warehouse.draft import Draft
from warehouse.manifest import DataFile
from warehouse.ordering import in_order
from warehouse.store import Store
from warehouse.turns import alone

LAYER, TABLE = "sources", "person_codes"
SCHEMA = pl.Schema({"kind": pl.String(), "id": pl.String(), "code": pl.UInt32()})
SHARD = pl.UInt16
_SHARD = "shard="


def shard_of(ids: pl.Series, shards: int) -> pl.Series:
    """The shard of each id: the CRC-32 of its UTF-8 bytes, modulo the number of shards."""
    names = ids.unique()
    table = pl.DataFrame({"id": names, "shard": _shards(names, shards)})
    return pl.DataFrame({"id": ids}).join(table, on="id", how="left", maintain_order="left")["shard"]


def shard_name(shard: int, shards: int) -> str:
    """The partition of a shard, its number padded so that names sort as numbers do."""
    return f"{_SHARD}{shard:0{max(2, len(str(shards - 1)))}d}"


def shard_in(partition: str) -> int:
    """The number of the shard that a partition belongs to; raises ValueError where it has none."""
    return int(partition.split("/")[0].removeprefix(_SHARD))


def scan_with_shard(store: Store, files: Iterable[DataFile], schema: pl.Schema) -> pl.LazyFrame:
    """The rows of these files, with the `shard` that each lies in; null where there are no shards."""
    by_shard: dict[str, list[DataFile]] = {}
    for file in files:
        by_shard.setdefault(file.partition.split("/")[0], []).append(file)
    frames = [
        store.scan(group, schema).with_columns(shard=pl.lit(_shard_or_none(name), SHARD))
        for name, group in by_shard.items()
    ]
    return pl.concat(frames) if frames else pl.LazyFrame(schema=schema).with_columns(shard=pl.lit(None, SHARD))


def _shard_or_none(partition: str) -> int | None:
    return shard_in(partition) if partition.startswith(_SHARD) else None


def assign(store: Store, draft: Draft, shards: int, people: Mapping[str, pl.Series]) -> dict[str, pl.DataFrame]:
    """For each kind of person (user, customer) its ids with `shard` and `code`; new ids get the next numbers.

    New numbers are kept in the draft. Numbers are dense for each kind and shard, in the order of the ids among those
    that are new together.
    """
    with alone(draft, TABLE):
        files = draft.files(LAYER, TABLE)
        wanted = _unique_people(people, shards)
        known = _read(store, files, shards, wanted["shard"].unique().sort().to_list())
        # A join by three columns makes a key of every row, and most are of nobody who is wanted.
        named = known.filter(pl.col("id").is_in(wanted["id"].implode()))
        found = wanted.join(named, on=["kind", "id", "shard"])
        if found.height < wanted.height:
            new = _numbered(known, wanted.join(found, on=["kind", "id"], how="anti"))
            every, changed = pl.concat([known, new.select(known.columns)]), new["shard"].unique().sort().to_list()
            _write(store, draft, files, every, shards, changed)
            found = pl.concat([found, new.select(found.columns)])
    return {kind: found.filter(kind=kind).select("id", "shard", "code") for kind in people}


def _unique_people(people: Mapping[str, pl.Series], shards: int) -> pl.DataFrame:
    parts = []
    for kind, ids in people.items():
        names = ids.drop_nulls().unique().sort()
        parts.append(pl.DataFrame({"id": names, "shard": _shards(names, shards)}).with_columns(kind=pl.lit(kind)))
    return pl.concat(parts)


def _shards(names: pl.Series, shards: int) -> pl.Series:
    numbers = [None if name is None else zlib.crc32(name.encode()) % shards for name in names.to_list()]
    return pl.Series(numbers, dtype=SHARD)


def _read(store: Store, files: Mapping[str, DataFile], shards: int, wanted: list[int]) -> pl.DataFrame:
    parts = [pl.DataFrame(schema={**SCHEMA, "shard": SHARD})]
    for shard in wanted:
        file = files.get(shard_name(shard, shards))
        if file is not None:
            parts.append(pl.read_parquet(store.path(file)).with_columns(shard=pl.lit(shard, SHARD)))
    return pl.concat(parts, how="diagonal")


def _numbered(known: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    """The missing people with the next numbers of their kind and shard."""
    place = ["kind", "shard"]
    return (
        missing.sort("kind", "shard", "id")
        .join(known.group_by(place).agg(taken=pl.col("code").max().cast(pl.Int64) + 1), on=place, how="left")
        .with_columns(code=(pl.col("taken").fill_null(0) + pl.int_range(pl.len()).over(place)).cast(pl.UInt32))
    )


def _write(
    store: Store, draft: Draft, files: Mapping[str, DataFile], known: pl.DataFrame, shards: int, changed: list[int]
) -> None:
    changes: dict[str, DataFile | None] = {name: files[name] for name in draft.changed(LAYER, TABLE)}
    for shard in changed:
        name = shard_name(shard, shards)
        rows = in_order(known.filter(shard=shard).select(*SCHEMA), ["kind", "code"])
        changes[name] = store.write(LAYER, TABLE, name, rows, _arrow_schema(), previous=files.get(name))
    draft.put(LAYER, TABLE, changes, {"shards": shards})


def _arrow_schema() -> pa.Schema:
    about = {
        "kind": "user (of events) or customer (of any source).",
        "id": "The user_id or customer_id.",
        "code": "The person's number in its shard, dense for each kind.",
    }
    plain = pl.DataFrame(schema=SCHEMA).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.schema(
        [plain.field(name).with_nullable(False).with_metadata({"description": text}) for name, text in about.items()]
    )
