"""A table that was one file and is one per month now: nothing but its files is another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.restatements.shop import Shop
from warehouse import candidate, catalog
from warehouse.names import WHOLE

BY_MONTH = {
    "customer_cohorts": "    filed_by=lambda: last_day_of_cell(GRAINS),\n",
    "orders_daily": "    segmented=True,\n",
}
OCTOBER = ("a1 anna 2026-09-05 100", "a2 anna 2026-10-06 7", "b1 ben 2026-10-20 50")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Release 1, by an older version of the code whose tables are one file each."""
    shop = Shop(tmp_path, *BY_MONTH)
    shop.assets = tmp_path / "assets"
    shutil.copytree(catalog.ASSETS, shop.assets, ignore=shutil.ignore_patterns("__pycache__"))
    for name, line in BY_MONTH.items():
        module = shop.assets / "metrics" / f"{name}.py"
        text = module.read_text()
        assert text.count(line) == 1
        module.write_text(text.replace(line, f'{line}    partitioning="whole",\n'))
    shop.deliver("october", *OCTOBER)
    with monkeypatch.context() as older:
        older.setattr(candidate, "code_version", lambda: "older")
        head = shop.run()
    assert {file.partition for file in head.of("metrics")} == {WHOLE}
    shop.assets = None
    return shop


def said(shop: Shop, capsys: Capture, *words: str) -> str:
    capsys.readouterr()
    assert main(["diff", *words, "--config", str(shop.folder / "holdfast.toml")]) == 0
    return capsys.readouterr().out


def test_the_first_run_by_months_makes_what_a_rebuild_makes(one_file: Shop, tmp_path: Path) -> None:
    one_file.deliver("november", "a3 anna 2026-11-02 9")
    found = one_file.run().of("metrics")
    (tmp_path / "anew").mkdir()
    anew = Shop(tmp_path / "anew", *BY_MONTH)
    anew.deliver("october", *OCTOBER)
    anew.deliver("november", "a3 anna 2026-11-02 9")
    rebuilt = anew.run().of("metrics")
    # The weeks and months that are not over on 2 November end in it.
    months = {f"month=2026-{month}" for month in ("09", "10", "11")}
    assert {(file.table, file.partition) for file in found} == {(name, one) for name in BY_MONTH for one in months}
    assert [(one.table, one.partition, one.sha256) for one in found] == [
        (one.table, one.partition, one.sha256) for one in rebuilt
    ]


def test_other_files_with_the_same_rows_are_no_difference(one_file: Shop, capsys: Capture) -> None:
    one_file.run()
    assert said(one_file, capsys, "1", "2") == "Releases 1 and 2 publish the same.\n"
    assert said(one_file, capsys, "2", "1") == "Releases 2 and 1 publish the same.\n"
    assert one_file.history().is_empty()


def test_of_the_cells_those_that_changed_are_told(
    one_file: Shop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben's 50 is 55 now: orders_daily has it in `all`, tenure and value_tier, and so have two cohorts."""
    monkeypatch.setenv("COLUMNS", "200")
    one_file.deliver("october", *OCTOBER[:2], "b1 ben 2026-10-20 55")
    one_file.run()
    lines = [line.split() for line in said(one_file, capsys, "1", "2").splitlines()]
    assert ["orders_daily", "whole", "revenue", "3", "157.00", "162.00"] in lines
    assert {line[0] for line in lines[1:] if line and line[1] == "whole"} == {"customer_cohorts", "orders_daily"}
    cells = said(one_file, capsys, "1", "2", "--table", "customer_cohorts", "--where", "segment = 'all'")
    revenue = [line.split()[-2:] for line in cells.splitlines() if " revenue " in line]
    assert revenue == [["50.00", "55.00"]] * 2


def test_back_to_the_one_file_and_on_from_it(one_file: Shop) -> None:
    first = one_file.releases.head()
    assert first is not None
    second = one_file.run()
    back = one_file.releases.rollback(first.number)
    assert [file.sha256 for file in back.of("metrics")] == [file.sha256 for file in first.of("metrics")]
    again = one_file.run()
    assert [file.sha256 for file in again.of("metrics")] == [file.sha256 for file in second.of("metrics")]
