"""The demo's folder: the same for the same seed, as big as promised, in three formats, and nobody else's."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.demo import generate
from tests.demo.conftest import CUSTOMERS, DAYS, SEED
from tests.demo.reading import csv, files, lines
from warehouse import config
from warehouse.errors import UsageError


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(demo: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", CUSTOMERS, DAYS, SEED)
    generate(tmp_path / "other", CUSTOMERS, DAYS, SEED + 1)
    assert _digests(tmp_path / "again") == _digests(demo)
    assert _digests(tmp_path / "other")["truth.json"] != _digests(demo)["truth.json"]
    assert not list(demo.glob(".*"))


def test_the_default_is_as_big_as_promised(tmp_path: Path) -> None:
    asked = inspect.signature(generate).parameters
    assert (asked["customers"].default, asked["days"].default) == (20_000, 730)
    generate(tmp_path / "tenth", customers=2_000, days=730)
    rows = json.loads((tmp_path / "tenth" / "truth.json").read_text())["rows"]
    assert rows["events"]["current"] > 220_000
    assert sum(source["files"] for source in rows.values()) < 100


def test_files_are_of_three_formats_and_hold_the_rows_the_truth_counts(demo: Path, truth: dict[str, Any]) -> None:
    read = {
        "orders": [len(csv(path)) for path in files(demo, "orders", ".csv")],
        "subscriptions": [len(lines(path)) for path in files(demo, "subscriptions", ".jsonl.gz")],
        "events": [pl.read_parquet(path).height for path in files(demo, "events", ".parquet")],
        "customers": [len(csv(path)) for path in files(demo, "customers", ".csv")],
        "fx_rates": [len(csv(path)) for path in files(demo, "fx_rates", ".csv")],
        "payments": [len(csv(path)) for path in files(demo, "payments", ".csv")],
    }
    told = {name: (rows["files"], rows["rows"]) for name, rows in truth["rows"].items()}
    assert {name: (len(counts), sum(counts)) for name, counts in read.items()} == told


def test_a_file_holds_what_was_received_in_its_month(demo: Path) -> None:
    for path in files(demo, "events", ".parquet"):
        months = pl.read_parquet(path)["received_at"].dt.to_string("%Y-%m").unique().to_list()
        assert months == [path.stem]


def test_day_files_hold_the_same_rows_as_monthfiles(demo: Path, tmp_path: Path) -> None:
    generate(tmp_path / "days", CUSTOMERS, DAYS, SEED, period="day")
    assert DAYS - 5 < len(files(tmp_path / "days", "events", ".parquet")) <= DAYS
    for ending, source in ((".parquet", "events"), (".csv", "orders")):
        read = pl.read_parquet if ending == ".parquet" else csv
        both = [pl.concat([read(path) for path in files(root, source, ending)]) for root in (demo, tmp_path / "days")]
        assert both[0].equals(both[1])


def test_the_configuration_loads(demo: Path) -> None:
    loaded = config.load(demo / "holdfast.toml")
    assert set(loaded.sources) == {"orders", "subscriptions", "events", "customers", "fx_rates", "payments"}
    assert (loaded.root, loaded.reporting_currency, loaded.grace_days) == (demo, "USD", 30)


@pytest.mark.parametrize("name", ["holdfast.toml", "inbox", "truth.json"])
def test_a_folder_that_holds_something_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match=f"already holds {name}"):
        generate(tmp_path, 5, 5)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_interrupted_demo_is_begun_again(demo: Path, tmp_path: Path) -> None:
    (tmp_path / ".demo-unfinished").touch()
    (tmp_path / "inbox" / "orders").mkdir(parents=True)
    (tmp_path / "inbox" / "orders" / "1999-01.csv").touch()
    generate(tmp_path, CUSTOMERS, DAYS, SEED)
    assert _digests(tmp_path) == _digests(demo)


@pytest.mark.parametrize(("customers", "days"), [(1, 1), (1, 40), (40, 1)])
def test_a_tiny_demo_is_whole(customers: int, days: int, tmp_path: Path) -> None:
    generate(tmp_path, customers, days)
    assert json.loads((tmp_path / "truth.json").read_text())["customers"] == customers


@pytest.mark.parametrize(("customers", "days", "seed"), [(0, 5, 1), (5, 0, 1), (5, 5, -1)])
def test_numbers_out_of_range_are_refused(customers: int, days: int, seed: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least"):
        generate(tmp_path / "new", customers, days, seed)
    assert not (tmp_path / "new").exists()


def _digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
