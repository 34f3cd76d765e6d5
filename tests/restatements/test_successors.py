"""Rows of earlier files of a state follow from the files in their place and from what these replaced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.kept_rows import KeptRows, Successor
from pipelines.parts import first_day_in
from pipelines.patches import PatchedStore
from tests.restatements.test_patches import CATALOG, TABLE, rows, written
from warehouse.manifest import DataFile
from warehouse.store import Store

MAY, JUNE, JULY = date(2024, 5, 3), date(2024, 6, 4), date(2024, 7, 5)
BEFORE = {"2024-05": [(1, MAY, 1), (2, MAY, 2), (3, MAY, 3)], "2024-06": [(1, JUNE, 4), (2, JUNE, 5)]}
# Person 2 has another row in May and the same in June, person 4 one more, person 1 its first in July.
AFTER = {
    "2024-05": [(1, MAY, 1), (2, MAY, 7), (3, MAY, 3), (4, MAY, 9)],
    "2024-06": BEFORE["2024-06"],
    "2024-07": [(1, JULY, 6)],
}


def persons(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"shard": [0] * len(numbers), "person": numbers}, schema={"shard": pl.UInt16, "person": pl.UInt32}
    )


def files_of(store: Store, months: dict[str, list[tuple[int, date, int]]]) -> tuple[DataFile, ...]:
    return tuple(written(store, month, rows(*told)) for month, told in months.items())


def successor_of(files: Sequence[DataFile]) -> Successor:
    """As a run keeps it: by month whose rows are others there, and what they were."""
    others = [(0, 2, date(2024, 5, 1)), (0, 4, date(2024, 5, 1)), (0, 1, date(2024, 7, 1))]
    schema = {"shard": pl.UInt16, "person": pl.UInt32, "month": pl.Date}
    gone = rows((2, MAY, 2)).with_columns(month=date(2024, 5, 1))
    return Successor(tuple(files), lambda: (pl.DataFrame(others, schema=schema, orient="row"), gone))


def told(kept: KeptRows, store: Store, files: tuple[DataFile, ...], successor: Successor | None, *numbers: int) -> list:
    asked = kept.asked(persons(*numbers))
    assert asked.among is not None
    found = kept.of(store, CATALOG, TABLE.name, files, asked, successor)
    return sorted(found.select("day", "events").rows())


def test_earlier_rows_are_known_without_the_earlier_files(tmp_path: Path) -> None:
    store, kept = Store(tmp_path), KeptRows()
    earlier, present = files_of(store, BEFORE), files_of(store, AFTER)
    successor = successor_of(present)
    for file in earlier[:1]:  # that of June is in both
        store.path(file).unlink()
    kept.expect(persons(1, 2, 3, 4), persons(2, 4))
    assert told(kept, store, present, None, 1, 2, 4) == [(MAY, 1), (MAY, 7), (MAY, 9), (JUNE, 4), (JUNE, 5), (JULY, 6)]
    assert told(kept, store, earlier, successor, 1, 2, 4) == [(MAY, 1), (MAY, 2), (JUNE, 4), (JUNE, 5)]
    assert told(kept, store, earlier, successor, 2, 4) == [(MAY, 2), (JUNE, 5)]  # of the restated alone
    assert told(kept, store, earlier[1:], successor, 1, 2) == [(JUNE, 4), (JUNE, 5)]
    assert told(kept, store, earlier, successor) == []


def test_what_lies_under_a_patch_is_known_so_too(tmp_path: Path) -> None:
    store, kept = PatchedStore(tmp_path), KeptRows()
    earlier, present = files_of(store, BEFORE), files_of(store, AFTER)
    patched = store.patch(earlier[0], pl.col("person") != 3, rows((3, MAY, 8)), TABLE.arrow_schema())
    store.path(earlier[0]).unlink()
    kept.expect(persons(1, 2, 3, 4), persons(2, 3))
    files = (patched, earlier[1])
    assert told(kept, store, files, successor_of(present), 2, 3) == [(MAY, 2), (MAY, 8), (JUNE, 5)]


def test_a_partition_says_its_month_if_it_has_one() -> None:
    assert first_day_in("shard=03/month=2024-05") == date(2024, 5, 1)
    assert first_day_in("shard=03") is None
