"""What a release was judged with is not judged again; in doubt everything is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.demo.generate import generate
from pipelines.run import run
from quality import identities, judged_before, staged
from quality.audit import Audit
from tests.quality.shop import CONFIG, Shop, daily, fails
from warehouse import catalog, config
from warehouse.candidate import Candidate
from warehouse.manifest import DataFile, Manifest
from warehouse.table import Table

WEEK = daily(30, 7)


@pytest.fixture
def candidate(tmp_path: Path) -> tuple[Shop, Candidate]:
    shop = Shop(tmp_path / "warehouse")
    return shop, shop.stage(WEEK)


def audited(shop: Shop, candidate: Candidate, **verdict: object) -> Audit:
    """The audit of what the release before was published with, under this verdict."""
    by = judged_before.rules({"orders_daily": shop.catalog["orders_daily"].table}, candidate.manifest)
    head = replace(candidate.manifest, number=1, verdict={"passed": True, "judged_by": by, **verdict})
    audit = Audit(candidate, shop.catalog, CONFIG, shop.store, head)  # type: ignore[arg-type]
    audit.measure()
    assert audit.broken == []
    return audit


def test_what_passed_by_the_same_rules_is_not_judged_again(candidate: tuple[Shop, Candidate]) -> None:
    audit = audited(*candidate)
    assert audit.fresh == {}
    assert audit.frames["orders_daily"].height == 7
    assert not any(map(fails, audit.observations))
    assert {"unique", "not_null"}.isdisjoint(one.check for one in audit.observations)


@pytest.mark.parametrize("verdict", [{"passed": False}, {"passed": 1}, {"judged_by": "older"}, {"judged_by": None}])
def test_in_doubt_everything_is_judged(candidate: tuple[Shop, Candidate], verdict: dict[str, object]) -> None:
    audit = audited(*candidate, **verdict)
    assert audit.fresh["orders_daily"].height == 7
    assert "unique" in {one.check for one in audit.observations}


def test_other_code_other_configuration_or_another_declaration_are_other_rules(
    candidate: tuple[Shop, Candidate],
) -> None:
    shop, one = candidate
    table = shop.catalog["orders_daily"].table
    fewer = replace(table, columns=table.columns[1:])
    manifests: list[Manifest] = [replace(one.manifest, **{name: "x"}) for name in ("code_version", "config_version")]  # type: ignore[arg-type]
    found = {judged_before.rules({"orders_daily": table}, manifest) for manifest in (one.manifest, *manifests)}
    assert len(found | {judged_before.rules({"orders_daily": fewer}, one.manifest)}) == 4


@pytest.mark.parametrize("damage", ["longer", "removed", "another file"])
def test_a_kept_file_has_to_be_the_one_that_was_judged(candidate: tuple[Shop, Candidate], damage: str) -> None:
    shop, one = candidate
    (file,) = one.manifest.published()
    path = one.folder / file.link
    content = path.read_bytes()
    path.unlink()
    if damage == "longer":
        path.write_bytes(content + b"?")
    elif damage == "another file":
        path.write_bytes(content)
    found = staged.observe(one, {"orders_daily": shop.catalog["orders_daily"].table}, shop.store, {file})
    assert "files are those of the candidate" in {one.check for one in found.observations if fails(one)}
    assert found.rows == {}


def test_a_row_of_another_month_blocks(tmp_path: Path) -> None:
    """Files are judged one by one, so a day may be in one of them only."""
    shop = Shop(tmp_path / "warehouse")
    one = shop.stage(WEEK)
    declared = shop.catalog["orders_daily"].table
    rows = staged.observe(one, {declared.name: declared}, shop.store).fresh(declared)
    assert rows.height == 7
    wrong = pl.concat([rows, rows.head(1).with_columns(date=pl.date(2026, 5, 31))])
    for frame, number in ((rows, 0), (wrong, 1)):
        file = shop.store.write("metrics", "orders_daily", "month=2026-06", frame, declared.arrow_schema())
        found = staged.Staged()
        staged._look_at(file, shop.store.path(file), declared, found)
        assert {one.check: one.observed for one in found.observations}["files hold the days of their month"] == number


def test_a_cell_that_ends_in_another_month_blocks(tmp_path: Path) -> None:
    """The week from 29 June on ends on 5 July: its cell is of July, its cohort's start is not looked at."""
    shop = Shop(tmp_path / "warehouse")
    declared = catalog.load()["customer_cohorts"].table
    cell = {
        "basis": "orders",
        "cohort_grain": "week",
        "cohort_start": date(2026, 6, 15),
        "age": 2,
        "currency": "USD",
        "segment": "all",
        "segment_value": "all",
        "is_complete": True,
    }
    schema = declared.polars_schema()
    filled = {name: cell.get(name, 0) for name in schema}
    rows = pl.DataFrame([filled], schema=schema, strict=False)
    for month, number in (("2026-07", 0), ("2026-06", 1)):
        file = shop.store.write("metrics", declared.name, f"month={month}", rows, declared.arrow_schema())
        found = staged.Staged()
        staged._look_at(file, shop.store.path(file), declared, found)
        assert {one.check: one.observed for one in found.observations}["files hold the days of their month"] == number


def test_a_table_by_month_is_filed_by_its_grain() -> None:
    """A file is judged by itself, so rows of a key must not lie in two."""
    declared = catalog.load()["customer_cohorts"].table
    with pytest.raises(ValueError, match="customer_cohorts is one file per month, filed by revenue, which is not in"):
        replace(declared, filed_by=lambda: pl.date(2026, 1, 1) + pl.duration(days="revenue"))
    assert replace(declared, filed_by=lambda: pl.col("revenue"), partitioning="whole").partitioning == "whole"


def test_what_is_not_read_again_of_judged_files_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new day on a demo, once as it is judged, once with all columns and rows of all files."""
    generate(tmp_path / "lean", customers=150, days=100, seed=3, period="day")
    inbox = tmp_path / "lean" / "inbox"
    newest = [file for source in ("orders", "events") for file in sorted((inbox / source).iterdir())[-2:]]
    late = {file: file.read_bytes() for file in newest}
    for file in newest:
        file.unlink()
    run(config.load(tmp_path / "lean/holdfast.toml"))
    shutil.copytree(tmp_path / "lean", tmp_path / "full", symlinks=True)
    read, columns_read = staged.read, []

    def noted(one: Candidate, table: Table, files: list[DataFile], columns: set[str], only: pl.Expr) -> pl.DataFrame:
        rows = read(one, table, files, columns, only)
        if files:
            is_less = len(rows.columns) < len(table.all_columns) and rows.height < sum(file.rows for file in files)
            columns_read.append((table.name, is_less))
        return rows

    monkeypatch.setattr(staged, "read", noted)
    found = []
    for name in ("lean", "full"):
        for file, content in late.items():
            (tmp_path / name / file.relative_to(tmp_path / "lean")).write_bytes(content)
        release = run(config.load(tmp_path / name / "holdfast.toml"))
        assert release is not None
        found.append(release.release.verdict["results"])
        monkeypatch.setattr(identities, "told_of", lambda table: {column.name for column in table.all_columns})
        monkeypatch.setattr(identities, "rows_told_of", lambda table: pl.lit(True))
    assert found[0] == found[1]
    assert ("revenue_retention_daily", True) in columns_read
    assert ("revenue_retention_daily", False) in columns_read
