"""Where the ids of a file lie: what is ruled out is not there; of ids that grow with time nearly all is ruled out."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.shop import Shop
from warehouse.key_ranges import RANGES, KeyRanges, that_may_hold, with_ranges
from warehouse.manifest import DataFile
from warehouse.store import Store

IDS = st.text(max_size=12)
SCHEMA = pl.DataFrame(schema={"event_id": pl.String}).to_arrow().schema
KEY = pl.col("event_id")


def _files(folder: Path, *ids: list[str | None]) -> tuple[Store, list[DataFile]]:
    """A file for each list of ids, in this order."""
    store, files = Store(folder), []
    for number, some in enumerate(ids):
        rows = pl.DataFrame({"event_id": some}, schema={"event_id": pl.String})
        files.append(
            store.write(
                "sources", "events", f"shard=00/month=2026-{number + 1:02}", rows, with_ranges(SCHEMA, rows, KEY)
            )
        )
    return store, files


def _held(store: Store, files: list[DataFile], *ids: str) -> list[int]:
    found = that_may_hold(store, files, KEY, pl.Series("key", ids, dtype=pl.String))
    return [files.index(file) for file in found]


@given(st.lists(IDS, min_size=1, max_size=80), st.data())
def test_an_id_that_is_there_is_never_ruled_out(ids: list[str], data: st.DataObject) -> None:
    ranges = KeyRanges.of(pl.Series(ids))
    assert ranges is not None
    assert len(ranges.ranges) <= RANGES
    wanted = data.draw(st.sampled_from(ids))
    schema = ranges.kept_in(SCHEMA)
    assert KeyRanges.in_schema(schema) == ranges
    assert any(low <= number <= high for number in _number(wanted, ranges.prefix) for low, high in ranges.ranges)


def _number(key: str, prefix: bytes) -> list[int]:
    """By Python alone: the eight bytes after the prefix, halved."""
    raw = key.encode()
    return [int.from_bytes((raw[len(prefix) :] + b"\0" * 8)[:8], "big") // 2] if raw.startswith(prefix) else []


@given(st.lists(st.lists(IDS, min_size=1, max_size=9), min_size=1, max_size=3), st.lists(IDS, max_size=9))
def test_files_with_an_id_are_found(
    tmp_path_factory: pytest.TempPathFactory, ids: list[list[str]], wanted: list[str]
) -> None:
    store, files = _files(tmp_path_factory.mktemp("lake"), *ids)
    having = {number for number, some in enumerate(ids) if set(some) & set(wanted)}
    assert having <= set(_held(store, files, *wanted))


def test_of_ids_that_grow_only_their_own_months_are_left(tmp_path: Path) -> None:
    months = [[f"E{number:09}" for number in range(first, first + 1_000, 3)] for first in (0, 1_000, 2_000)]
    for number, ids in enumerate(months):
        ids += [f"E2000{late:06}" for late in range(number * 5_000, number * 5_000 + 40)]
    store, files = _files(tmp_path, *months)
    assert _held(store, files, "E000003001", "E2000016000") == []
    assert _held(store, files, "E000001000") == [1]
    assert _held(store, files, "E2000000010", "E000002001") == [0, 2]
    assert _held(store, files, "another") == []
    assert _held(store, files) == []


def test_a_file_says_nothing_of_rows_without_an_id_or_of_a_key_of_several_columns(tmp_path: Path) -> None:
    store, [of_nobody, mixed] = _files(tmp_path, [None, None], ["E1", None])
    assert _held(store, [of_nobody, mixed], "E1") == [0, 1]
    assert _held(store, [of_nobody, mixed], "E2") == [0]
    rows = pl.DataFrame({"event_id": ["E1"]})
    assert with_ranges(SCHEMA, rows, pl.concat_str(pl.lit("x"), "event_id")) is SCHEMA


def test_the_end_of_a_file_is_enough_however_long_its_description_is(tmp_path: Path) -> None:
    store, frame = Store(tmp_path), pl.DataFrame({"event_id": ["E1", "E2"]})
    for words in (0, 3_000, 30_000):
        schema = with_ranges(SCHEMA.with_metadata({"words": "word " * words}), frame, KEY)
        file = store.write("sources", "events", "whole", frame, schema)
        assert (file.bytes > 1 << 17) == (words == 30_000)
        assert store.schemas([file])[file].equals(schema, check_metadata=True)
        assert _held(store, [file], "E2") == [0]
        assert _held(store, [file], "F") == []


def test_a_lake_rules_out_the_months_of_other_ids(tmp_path: Path) -> None:
    shop = Shop(tmp_path, '[warehouse]\nshards = 2\n\n[sources.events]\npath = "inbox/*.csv"\n')
    lines = ["event_id,user_id,occurred_at,event_name,received_at"]
    lines += [f"E{n:06},U{n % 40},2026-0{1 + n // 100}-03T10:00:00Z,login,2026-08-01T00:00:00Z" for n in range(500)]
    shop.deliver("all.csv", "\n".join(lines) + "\n")
    shop.take_in()
    assert shop.head is not None
    files = shop.head.of("sources", "events")
    assert len(files) == 10
    left = that_may_hold(shop.store, files, KEY, pl.Series("key", ["E000210", "E000999"]))
    assert {file.partition.rpartition("/")[2] for file in left} == {"month=2026-03"}
    shop.deliver(
        "again.csv", "\n".join([lines[0], "E000210,U1,2026-05-09T10:00:00Z,login,2026-08-02T00:00:00Z"]) + "\n"
    )
    shop.take_in()
    assert shop.lake("events").filter(event_id="E000210")["occurred_at"].dt.month().to_list() == [5]
