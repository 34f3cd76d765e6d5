"""Columns of files against earlier files like them: what is gone, new, of another type or bare is said, no more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from quality import columns, profile
from tests.ingest.shop import Shop
from tests.quality.shop import fails
from warehouse import catalog, shapes
from warehouse.bounds import Bounds
from warehouse.formats import RawFile

TOML = '[sources.orders]\npath = "inbox/**/*"\ncurrency = "GBP"\n'
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount", "channel")


class Till(Shop):
    """Three files of four columns and more were taken; `said` delivers one more and tells what is said of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TOML)
        for day in (1, 2, 3):
            self.deliver(f"till-{day}.csv", content(day))
            self.deliver(f"web-{day}.csv", content(day, "note", lacking=("channel",)))
            self.deliver(f"app-{day}.parquet", typed(day))
        self.take_in(watermark="2024-03-03")

    def said(self, name: str, delivered: str | pl.DataFrame) -> dict[str, str]:
        before, path = self.head, self.deliver(name, delivered)
        assert before is not None
        assert self.take_in(watermark="2024-03-04")["orders"].taken
        assert self.head is not None
        measured = profile.measure(catalog.load()["orders"], self.head, self.store, before)
        self.head = replace(before, number=self.head.number)
        path.unlink()
        return {
            one.check: f"{one.severity}: {one.message}" for one in columns.observe(measured, Bounds()) if fails(one)
        }


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Till:
    return Till(tmp_path_factory.mktemp("till"))


def rows(day: int, *more: str, lacking: tuple[str, ...] = (), channel: str = "shop") -> pl.DataFrame:
    values = {"order_id": "", "customer_id": "c1", "ordered_at": f"2024-03-{day:02}", "amount": "5", "channel": channel}
    kept = {name: value for name, value in {**values, **dict.fromkeys(more, "x")}.items() if name not in lacking}
    named = pl.format("{}-{}", pl.lit("-".join((str(day), *more, *lacking))), pl.int_range(20))
    return pl.select(named.alias("order_id")).with_columns(pl.lit(kept[one]).alias(one) for one in list(kept)[1:])


def content(day: int, *more: str, lacking: tuple[str, ...] = (), channel: str = "shop") -> str:
    return rows(day, *more, lacking=lacking, channel=channel).write_csv()


def typed(day: int, dtype: pl.DataType | None = None) -> pl.DataFrame:
    frame = rows(day, "app").with_columns(pl.col("amount").cast(pl.Float64), rating=pl.lit(1, pl.Int64))
    return frame.with_columns(pl.col("rating").cast(dtype)) if dtype else frame


def test_files_like_those_before_are_quiet(till: Till) -> None:
    """Two kinds of files of one format lie side by side, and a third in another format."""
    assert till.said("till-4.csv", content(4)) == {}
    assert till.said("web-4.csv", content(4, "note", lacking=("channel",))) == {}
    assert till.said("app-4.parquet", typed(4, pl.Float64())) == {}
    assert till.said("by-hand.csv", content(4, lacking=("channel",))) == {}


def test_a_column_that_is_gone_is_named_and_the_new_one_beside_it(till: Till) -> None:
    said = till.said("till-4.csv", content(4, "chanel", lacking=("channel",)))
    assert set(said) == {columns.GONE, columns.NEW}
    assert said[columns.GONE].startswith("warning: The file lacks 'channel', usual in the 3 files like it")
    assert "New is 'chanel'" in said[columns.GONE]
    assert said[columns.NEW].startswith("info: The file has 'chanel'")


def test_a_column_without_any_value_is_named(till: Till) -> None:
    said = till.said("till-4.csv", content(4, channel=""))
    assert set(said) == {columns.FILLED}
    assert said[columns.FILLED].startswith("warning: No row of the file has a value for 'channel'")


def test_a_column_of_another_type_is_named(till: Till) -> None:
    said = till.said("app-4.parquet", typed(4, pl.String()))
    assert set(said) == {columns.RETYPED}
    assert "'rating' is text now" in said[columns.RETYPED]


def test_a_file_that_comes_again_is_held_against_its_former_self(tmp_path: Path) -> None:
    made = Shop(tmp_path, TOML)
    made.deliver("all.csv", content(1))
    made.take_in(watermark="2024-03-01")
    before = made.head
    made.deliver("all.csv", content(1, lacking=("channel",)))
    made.take_in(watermark="2024-03-01")
    assert made.head is not None
    measured = profile.measure(catalog.load()["orders"], made.head, made.store, before)
    assert [one.check for one in columns.observe(measured, Bounds()) if fails(one)] == [columns.GONE]


def test_of_json_lines_only_what_most_rows_have_is_usual() -> None:
    lines = [json.dumps({"id": str(n), "n": n, **({"odd": True} if n % 3 == 0 else {})}) for n in range(300)]
    noted = shapes.of_file(RawFile("a.jsonl", "\n".join(lines).encode()))
    assert noted is not None
    assert shapes.read(noted) == {"id": "text", "n": "number", "odd": "boolean?"}
    assert columns._missed({"id": "text", "n": "number"}, [shapes.read(noted)]) == {"odd": 0.0}
    assert shapes.of_file(RawFile("a.jsonl", "\n".join(lines[:19]).encode())) is None


def test_what_an_earlier_version_noted_of_files_is_no_history(till: Till) -> None:
    """Its ledger has no columns: nothing is compared, nothing raises, and the next lines have them."""
    known, before = till.head, till.head
    assert before is not None
    lines = before.of("ledger", "files")[0]
    plain = pl.read_parquet(till.store.path(lines)).drop("columns", "filled")
    old = till.store.write("ledger", "files", lines.partition, plain)
    till.head = replace(before, files=tuple(old if one == lines else one for one in before.files))
    assert till.said("till-5.csv", content(5, lacking=("channel",))) == {}
    assert till.ledger("orders")["inbox/till-1.csv"].columns is None
    till.head = known
