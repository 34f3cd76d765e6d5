"""A patched state is read as if it had been written whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.kept_rows import KeptRows
from pipelines.patches import PatchedStore
from warehouse import catalog
from warehouse.manifest import DataFile
from warehouse.store import Store

CATALOG = catalog.load()
TABLE = CATALOG["usage_days"].table
OWNERS = pl.DataFrame({"shard": [0, 0, 0], "person": [1, 2, 4]}, schema={"shard": pl.UInt16, "person": pl.UInt32})


def rows(*told: tuple[int, date, int]) -> pl.DataFrame:
    found = [(0, person, day, events) for person, day, events in told]
    return pl.DataFrame(found, schema=TABLE.polars_schema(), orient="row")


def written(store: Store, month: str, frame: pl.DataFrame) -> DataFile:
    return store.write("states", TABLE.name, f"shard=00/month={month}", frame, TABLE.arrow_schema())


def test_new_rows_are_read_in_place_of_those_of_the_same_persons_and_month(tmp_path: Path) -> None:
    store = PatchedStore(tmp_path)
    may, june = date(2024, 5, 3), date(2024, 6, 4)
    files = [
        written(store, "2024-05", rows((1, may, 1), (2, may, 2), (3, may, 3))),
        written(store, "2024-06", rows((1, june, 4), (2, june, 5))),
    ]
    stays = ~pl.col("person").is_in([2, 4])
    patched = store.patch(files[0], stays, rows((2, may, 7), (4, may, 9)), TABLE.arrow_schema())
    assert patched.sha256 != files[0].sha256
    assert patched.key == files[0].key

    def read(*some: DataFile) -> list[tuple[int, date, int]]:
        return sorted(store.scan(some).select("person", "day", "events").collect().rows())

    told = [(1, may, 1), (2, may, 7), (3, may, 3), (4, may, 9)]
    assert read(patched) == told
    assert read(patched, files[1]) == sorted([*told, (1, june, 4), (2, june, 5)])
    assert read(*files) == [(1, may, 1), (1, june, 4), (2, may, 2), (2, june, 5), (3, may, 3)]

    kept, strangers = KeptRows(), KeptRows()
    kept.expect(OWNERS, OWNERS.filter(person=4))
    for rows_of in (kept, strangers):
        asked = rows_of.asked(OWNERS)
        of_some = rows_of.of(store, CATALOG, TABLE.name, (patched, files[1]), asked)
        # Under numbers of their own. Person 2 has its June row still, person 3 was not asked for.
        assert sorted(of_some.select("day", "events").rows()) == [(may, 1), (may, 7), (may, 9), (june, 4), (june, 5)]
        assert sorted(of_some.group_by("person").len()["len"]) == [1, 2, 2]
    one = kept.of(store, CATALOG, TABLE.name, (patched, files[1]), kept.asked(OWNERS.filter(person=4)))
    assert one.rows() == [(0, one["person"].item(), may, 9)]
    assert kept.known_as(one["person"]).rows() == [(0, 4)]


def test_nothing_need_be_left(tmp_path: Path) -> None:
    store, day = PatchedStore(tmp_path), date(2024, 5, 3)
    file = written(store, "2024-05", rows((1, day, 1)))
    patched = store.patch(file, pl.col("person") != 1, rows(), TABLE.arrow_schema())
    assert store.scan([patched], TABLE.polars_schema()).collect().is_empty()
    assert store.beneath([patched]) == (file,)
