"""The published tables of the demo equal what a script in DuckDB makes of the same raw files, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import whole
from tests.bench.demo import Business


def test_a_script_over_the_raw_files_finds_the_same_numbers(
    business: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole.in_duckdb(business.parent / "inbox", tmp_path)
    assert json.loads(capsys.readouterr().out)["peak"] > 0
    assert whole.check_equal(Business(business.parent), tmp_path) > 3_000
