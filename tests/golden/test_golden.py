"""Every golden case, in the product and in the oracle: both must say what was added up by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.golden import cases, expecting
from tests.golden.cases import Case
from tests.golden.tables import Tables
from tests.oracle import oracle
from warehouse import catalog

CASES = cases.paths()


@pytest.mark.parametrize("path", CASES, ids=map(cases.name_of, CASES))
def test_tables_say_what_was_added_up_by_hand(path: Path, tmp_path: Path) -> None:
    case = cases.read(path)
    check(case, Tables(case.world, tmp_path).published)


@pytest.mark.parametrize("path", CASES, ids=map(cases.name_of, CASES))
def test_the_oracle_says_so_too(path: Path) -> None:
    case = cases.read(path).only(oracle.NEEDS)
    if not case.expected:
        pytest.skip("the oracle does not recompute this table")
    frames = oracle.answer(case.world, case.tables)
    check(case, lambda table: frames[table])


def check(case: Case, published: Callable[[str], pl.DataFrame]) -> None:
    declared, frames = catalog.load(), {table: published(table) for table in case.tables}
    problems = [
        line
        for expected in case.expected
        for line in expecting.differences(expected, frames[expected.table], declared[expected.table].table)
    ]
    if problems:
        pytest.fail("\n".join([case.description, *problems]), pytrace=False)
