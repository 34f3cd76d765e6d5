"""The bytes of a file follow from its rows, and a draft shows the base with a run's changes over it."""

from __future__ import annotations

import pickle
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.releases.business import Business
from warehouse.draft import Draft
from warehouse.errors import StorageError
from warehouse.store import Store

ROWS = pl.DataFrame(
    {
        "number": range(5000),
        "text": [f"customer {i % 700}" for i in range(5000)],
        "money": [None if i % 9 == 0 else Decimal(i) / 100 for i in range(5000)],
    },
    schema_overrides={"money": pl.Decimal(38, 4)},
)


def test_where_chunks_begin_does_not_show_in_the_bytes(business: Business) -> None:
    chunked = pl.concat([ROWS[:1], ROWS[1:1700], ROWS[1700:]], rechunk=False)
    assert chunked.n_chunks() == 3
    whole = business.store.write("states", "t", "whole", ROWS)
    assert business.store.write("states", "t", "whole", chunked).sha256 == whole.sha256
    assert business.store.write("states", "t", "whole", chunked, previous=whole) is whole
    assert business.store.write("states", "t", "whole", ROWS.reverse(), previous=whole).sha256 != whole.sha256


def test_a_file_is_read_back_as_it_was_and_cannot_be_written(business: Business) -> None:
    file = business.store.write("states", "t", "whole", ROWS, row_group_size=1000)
    path = business.store.path(file)
    assert (file.rows, file.bytes, path.stat().st_mode & 0o777) == (5000, path.stat().st_size, 0o444)
    assert pq.ParquetFile(path).num_row_groups == 5
    assert business.store.scan([file]).collect().equals(ROWS)
    assert list(path.parent.iterdir()) == [path]


def test_a_null_or_a_column_the_schema_does_not_have_is_refused(business: Business) -> None:
    money = pa.field("money", pa.decimal128(38, 4), nullable=False)
    with pytest.raises(ValueError, match="money"):
        business.store.write("metrics", "t", "whole", ROWS, pa.schema([money]))
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="wanted"):
        business.store.write("metrics", "t", "whole", ROWS, pa.schema([pa.field("wanted", pa.int64())]))
    assert not (business.home / "data").exists()


def test_no_files_are_an_empty_table_of_the_schema(business: Business) -> None:
    assert business.store.scan([], ROWS.schema).collect().schema == ROWS.schema
    with pytest.raises(StorageError, match="no schema"):
        business.store.scan([])


def test_a_store_can_be_sent_to_another_process(business: Business) -> None:
    file = business.store.write("states", "t", "whole", ROWS)
    sent: Store = pickle.loads(pickle.dumps(business.store))
    assert sent.path(file) == business.store.path(file)


def test_a_draft_shows_the_base_with_its_changes(business: Business) -> None:
    business.publish({"2026-09": 1, "2026-10": 2})
    draft = business.draft({"2026-09": 1, "2026-10": -1, "2026-11": 3})
    assert list(draft.files("metrics", "mrr_daily")) == ["month=2026-09", "month=2026-11"]
    assert draft.changed("metrics", "mrr_daily") == {"month=2026-10", "month=2026-11"}
    again = Draft.open_or_create(business.home, draft.run_id, business.releases.head())
    assert again.all_files() == draft.all_files()
    draft.put("metrics", "mrr_daily", {})
    assert again.changed("metrics", "mrr_daily") == set()
    again.set_plan({"first_day": "2026-09-01"})
    assert draft.plan() == {"first_day": "2026-09-01"}


def test_a_file_goes_only_where_it_belongs(business: Business) -> None:
    file = business.store.write("states", "t", "shard=00", ROWS)
    with pytest.raises(StorageError, match="belongs to"):
        business.draft({}).put("states", "t", {"shard=01": file})
