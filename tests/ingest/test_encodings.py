"""What runs write and read: encoded for what is in it, and no more of a file read than is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from warehouse import encodings
from warehouse.store import Store

SPENT = Path("/proc/self/io")
START = datetime(2024, 1, 1, tzinfo=UTC)


def rows(count: int) -> pl.DataFrame:
    number = pl.int_range(count, dtype=pl.Int64)
    return pl.select(
        event_id=pl.format("E{}", number * 7919 % 1_000_003),
        user_id=pl.format("U{}", number // 10),
        kind=pl.concat_str(pl.lit("kind "), (number % 3).cast(pl.String)),
        at=(pl.lit(START) + pl.duration(seconds=number * 13 % 2_600_000)).dt.cast_time_unit("us"),
        is_new=number % 2 == 0,
    )


def test_a_dictionary_is_for_what_repeats() -> None:
    found = encodings.compact(rows(20_000))
    assert found["use_dictionary"] == ["kind"]
    assert found["column_encoding"] == {"at": "DELTA_BINARY_PACKED"}
    assert encodings.compact(rows(0))["use_dictionary"] == ["event_id", "user_id", "kind"]


def test_what_is_written_comes_back_and_is_smaller(tmp_path: Path) -> None:
    frame, store = rows(20_000), Store(tmp_path)
    compact, plain = (store.write(layer, "events", "whole", frame) for layer in ("sources", "metrics"))
    for file in (compact, plain):
        assert pl.read_parquet(store.path(file)).equals(frame)
    assert compact.bytes < 0.9 * plain.bytes
    written = pq.read_metadata(store.path(compact)).row_group(0)
    assert "RLE_DICTIONARY" not in written.column(0).encodings
    assert "RLE_DICTIONARY" in written.column(2).encodings


@pytest.mark.skipif(not SPENT.exists(), reason="only Linux counts what a process reads")
def test_of_many_files_only_the_asked_columns_are_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    files = [store.write("sources", "events", f"shard={n:02d}", rows(120_000)) for n in range(10)]
    before = _read()
    assert store.scan(files).select("is_new").collect().height == 1_200_000
    assert _read() - before < 0.2 * sum(file.bytes for file in files)


def _read() -> int:
    return int(SPENT.read_text().split("rchar: ")[1].split()[0])
