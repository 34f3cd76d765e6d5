"""Every golden case, in the product and in the oracle: both must say what was added up by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import cases, expecting
from tests.golden.tables import Tables
from tests.oracle import oracle
from warehouse import catalog

CASES = cases.paths()


@pytest.mark.parametrize("path", CASES, ids=map(cases.name_of, CASES))
def test_tables_say_what_was_added_up_by_hand(path: Path, tmp_path: Path) -> None:
    case = cases.read(path)
    tables, declared = Tables(case.world, tmp_path), catalog.load()
    frames = {name: tables.published(name) for name in case.tables}
    problems = [
        line
        for expected in case.expected
        for line in expecting.differences(expected, frames[expected.table], declared[expected.table].table)
    ]
    assert problems == []


@pytest.mark.parametrize("path", CASES, ids=map(cases.name_of, CASES))
def test_the_oracle_says_so_too(path: Path) -> None:
    case, declared = cases.read(path), catalog.load()
    frames = oracle.answer(case.world, case.tables)
    problems = [
        line
        for expected in case.expected
        for line in expecting.differences(expected, frames[expected.table], declared[expected.table].table)
    ]
    assert problems == []
