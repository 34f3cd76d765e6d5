"""What `holdfast diff` says of two releases: sums, cells, and the source rows behind a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from tests.restatements.shop import Shop

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release 2 has Ben's 50 as 55, an order of Anna's that came late, and none of Dev's 20."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.deliver("october", "a1 anna 2026-10-05 100", "b1 ben 2026-10-20 50", "d1 dev 2026-10-07 20")
    shop.run()
    shop.deliver("october", "a1 anna 2026-10-05 100", "b1 ben 2026-10-20 55")
    shop.deliver("late", "a2 anna 2026-10-06 7")
    shop.run()
    return shop.folder / "holdfast.toml"


def said(config: Path, capsys: Capture, *words: str) -> list[list[str]]:
    """The words of each line."""
    capsys.readouterr()
    assert main(["diff", *words, "--config", str(config)]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_the_summary_names_table_month_and_column_with_both_sums(two_releases: Path, capsys: Capture) -> None:
    """100 + 20 + 50 is 100 + 7 + 55 now: three cells in `all`, as many in tenure and in value_tier."""
    lines = said(two_releases, capsys, "1", "2")
    assert ["orders_daily", "2026-10", "revenue", "9", "170.00", "162.00"] in lines
    # One came and one went, each in three segments: as many as before.
    assert ["orders_daily", "2026-10", "orders", "6", "3", "3"] in lines


def test_equal_releases_differ_in_nothing(two_releases: Path, capsys: Capture) -> None:
    assert said(two_releases, capsys, "2", "2") == [["Releases", "2", "and", "2", "publish", "the", "same."]]


def test_the_cells_stand_before_and_after_side_by_side(
    two_releases: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, *lines = said(two_releases, capsys, "1", "2", "--table", "orders_daily")
    revenue = [(line[0], *line[-2:]) for line in lines if "revenue" in line]
    assert revenue == [
        ("2026-10-06", "0.00", "7.00"),
        ("2026-10-07", "20.00", "0.00"),
        ("2026-10-20", "50.00", "55.00"),
    ]
    _, *newest = said(two_releases, capsys, "1", "2", "--table", "orders_daily", "--last", "1")
    assert {line[0] for line in newest if line and line[0].startswith("2026")} == {"2026-10-20"}


def test_the_source_rows_behind_a_cell_by_file_and_line(two_releases: Path, capsys: Capture) -> None:
    table = ("1", "2", "--table", "orders_daily", "--rows")
    _, *lines = said(two_releases, capsys, *table)
    assert [line[:6] for line in lines[:3]] == [
        ["added", "orders", "inbox/late.csv", "2", "2026-10-06", "a2"],
        ["removed", "orders", "inbox/october.csv", "4", "2026-10-07", "d1"],
        ["changed", "orders", "inbox/october.csv", "3", "2026-10-20", "b1"],
    ]
    assert lines[2][6:] == ["amount", "50.00", "->", "55.00"]
    # A day reads what is of it or before it, and a segment its people.
    _, *early = said(two_releases, capsys, *table, "--where", "date = DATE '2026-10-06' AND segment = 'all'")
    assert [line[5] for line in early if line and line[0] in ("added", "changed", "removed")] == ["a2"]


def test_what_is_not_there_is_a_mistake_of_usage(two_releases: Path, capsys: Capture) -> None:
    config = ["--config", str(two_releases)]
    assert main(["diff", "1", "9", *config]) == 2
    assert "no release 9" in capsys.readouterr().err
    assert main(["diff", "1", "2", "--table", "nothing", *config]) == 2
    assert main(["diff", "1", "2", "--table", "orders_daily", "--where", "nobody = 1", *config]) == 2
    assert "nobody" in capsys.readouterr().err
    assert main(["diff", "1", "2", "--rows", *config]) == 2
