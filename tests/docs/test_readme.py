"""The README, followed to the letter: its data, its configuration, its table, its lines that read."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines import dictionary
from pipelines.graph import build
from pipelines.run import run
from pipelines.set_aside import describe
from warehouse import catalog, config
from warehouse.releases import Releases

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEW = "reorders_daily"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with one published table, to which the README's file is added."""
    folder = tmp_path_factory.mktemp("tables")
    for layer in ("sources", "states"):
        shutil.copytree(ROOT / "assets" / layer, folder / layer, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "metrics").mkdir()
    shutil.copy(ROOT / "assets" / "metrics" / "orders_daily.py", folder / "metrics")
    (text,) = (block for block in _blocks("python") if "table = Table(" in block)
    (named,) = re.findall(r"`(assets/metrics/\w+\.py)`", README)
    (folder / "metrics" / Path(named).name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> config.Config:
    folder = tmp_path_factory.mktemp("shop")
    (rows,), (settings,) = _blocks("csv"), _blocks("toml")
    (named,) = re.findall(r"`(inbox/\S+\.csv)`", README)
    (folder / named).parent.mkdir(parents=True)
    (folder / named).write_text(rows, encoding="utf-8")
    (folder / config.FILE_NAME).write_text(settings, encoding="utf-8")
    return config.load(folder / config.FILE_NAME)


@pytest.fixture(scope="module")
def published(shop: config.Config, tables: Path) -> config.Config:
    outcome = run(shop, assets_folder=tables)
    assert outcome is not None
    assert outcome.is_new
    return shop


def test_one_file_is_an_asset_with_columns_and_a_check(shop: config.Config, tables: Path) -> None:
    graph = build(shop, first_month="2026-07", assets_folder=tables).resolve_asset_graph()
    node = graph.get(dg.AssetKey(NEW))
    assert node.group_name == "metrics"
    assert {key.to_user_string() for key in node.parent_keys} >= {"order_days"}
    schema = node.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert schema.columns[0].name == "date"
    assert NEW in {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert {key.to_user_string() for key in graph.get(dg.AssetKey("release")).parent_keys} >= {NEW}


def test_one_file_is_an_entry_of_the_dictionary(tables: Path) -> None:
    written = dictionary.write(catalog.load(tables))
    assert f"### {NEW}" in written
    assert "| `reorder_rate` | Float64, nullable | share |" in written


def test_one_file_is_computed_judged_and_published(published: config.Config) -> None:
    head = Releases(published.home).head()
    assert head is not None
    assert NEW in {result["table"] for result in head.verdict["results"]}
    rows = pl.read_parquet(published.home / "current" / NEW / "**/*.parquet")
    # Eight order days; anna's two orders of 28 September are one customer who ordered again.
    assert rows.height == 8
    assert rows["customers_reordering"].sum() == 1
    assert rows.filter(pl.col("reorder_rate") == 1)["date"].to_list() == [date(2026, 9, 28)]


def test_what_the_readme_says_of_its_data_is_true(published: config.Config) -> None:
    last = pl.read_parquet(published.home / "current" / "orders_daily" / "**/*.parquet").filter(
        pl.col("segment") == "all", pl.col("date") == date(2026, 9, 28)
    )
    assert last.select("orders", "customers_ordering", "revenue").cast(pl.Float64).row(0) == (2, 1, 105)
    assert "1007" in (said := describe(published, None))
    assert "customer_id is missing" in said


def test_the_lines_that_read_tables_agree(published: config.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published.root)
    (text,) = (block for block in _blocks("python") if "table = Table(" not in block)
    names: dict[str, object] = {}
    exec(text, names)
    sizes = {len(names[name]) for name in ("with_duckdb", "with_polars", "with_pandas")}  # type: ignore[arg-type]
    assert len(sizes) == 1
    assert sizes != {0}
