"""Where the ids of a file lie, kept in the file: so that most files need not be read to know that an id is not there.

Ids that grow with time (numbers, ULIDs, UUIDs of version 7) lie close together in a month, those of another kind in a
few places more. Random ids lie everywhere: then nothing is ruled out, and it costs nothing but the look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from warehouse.manifest import DataFile
from warehouse.store import Store

NAME: Final = b"key_ranges"
# So many ranges at most: ids written as text have gaps where a digit turns, besides those that tell something.
RANGES: Final = 32
_BYTES = 8


@dataclass(frozen=True, slots=True)
class KeyRanges:
    """What all ids begin with, and between which numbers the next eight bytes of each are, both included."""

    prefix: bytes
    ranges: list[list[int]]

    @classmethod
    def of(cls, keys: pl.Series) -> KeyRanges | None:
        """Those of some ids; None where there is none."""
        least, greatest = keys.min(), keys.max()
        if not isinstance(least, str) or not isinstance(greatest, str):
            return None
        prefix = _shared(least.encode(), greatest.encode())
        numbers = _numbers(keys.drop_nulls(), prefix).unique().sort()
        gaps = numbers.diff().rename("gap").to_frame().with_row_index("place")
        wide = gaps.filter(pl.col("gap") > pl.col("gap").mean()).top_k(RANGES - 1, by=["gap", "place"])
        begins = [0, *wide["place"].sort().to_list()]
        ends = [begin - 1 for begin in begins[1:]] + [len(numbers) - 1]
        return cls(prefix, [[numbers[begin], numbers[end]] for begin, end in zip(begins, ends, strict=True)])

    @classmethod
    def in_schema(cls, schema: pa.Schema) -> KeyRanges | None:
        """Those that were kept; None where none were."""
        kept = (schema.metadata or {}).get(NAME)
        if kept is None:
            return None
        found = json.loads(kept)
        return cls(bytes.fromhex(found["prefix"]), found["ranges"])

    def kept_in(self, schema: pa.Schema) -> pa.Schema:
        """The schema with them."""
        said = json.dumps({"prefix": self.prefix.hex(), "ranges": self.ranges}).encode()
        return schema.with_metadata({**(schema.metadata or {}), NAME: said})

    def may_hold(self, numbers: pl.Series) -> bool:
        """Whether one of these may be among them: the numbers, in order, of ids that begin as these do."""
        places = numbers.search_sorted(pl.Series([begin for begin, _ in self.ranges]))
        return any(
            place < len(numbers) and numbers[place] <= end
            for place, (_, end) in zip(places.to_list(), self.ranges, strict=True)
        )


def with_ranges(schema: pa.Schema, rows: pl.DataFrame, key: pl.Expr) -> pa.Schema:
    """The schema of a file of these rows, with the ranges of its ids if these are a column of it."""
    found = KeyRanges.of(rows[key.meta.output_name()]) if key.meta.is_column() else None
    return schema if found is None else found.kept_in(schema)


def that_may_hold(store: Store, files: Iterable[DataFile], key: pl.Expr, keys: pl.Series) -> list[DataFile]:
    """Those of the files of which it is not known that they hold none of these values of the key. Only their ends are
    read, and nothing where the key is no column, as no file says anything of it then."""
    if not key.meta.is_column():
        return sorted(files)
    ranges = {file: KeyRanges.in_schema(schema) for file, schema in store.schemas(files).items()}
    wanted = keys.drop_nulls()
    numbers = {prefix: _numbers_with(wanted, prefix) for prefix in {one.prefix for one in ranges.values() if one}}
    return [file for file, one in ranges.items() if one is None or one.may_hold(numbers[one.prefix])]


def _shared(one: bytes, other: bytes) -> bytes:
    """What both begin with."""
    pairs = zip(one, other, strict=False)
    length = next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
    return one[:length]


def _numbers_with(keys: pl.Series, prefix: bytes) -> pl.Series:
    """The numbers, in order, of those ids that begin with the prefix."""
    return _numbers(keys.filter(keys.cast(pl.Binary).bin.starts_with(prefix)), prefix).sort()


def _numbers(keys: pl.Series, prefix: bytes) -> pl.Series:
    """The eight bytes after the prefix as a number, halved: differences have room, and the order stays."""
    are_long = (keys.str.len_bytes() >= len(prefix) + _BYTES).all()
    padded = keys if are_long else keys + "\0" * _BYTES
    following = padded.cast(pl.Binary).bin.slice(len(prefix), _BYTES)
    return (following.bin.reinterpret(dtype=pl.UInt64, endianness="big") // 2).cast(pl.Int64)
