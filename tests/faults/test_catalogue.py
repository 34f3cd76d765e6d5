"""No fault of the catalogue passes silently or takes good rows along, and its page is current."""

from __future__ import annotations

import os

import pytest

from tests.faults import catalogue
from tests.faults.catalogue import Tried
from tests.faults.files import FILES
from tests.faults.periods import PERIODS
from tests.faults.rows import ROWS
from tests.faults.tables import TABLES

LEAST = 40
# Every fault is tried by `make faults`, each fourth by every run of the tests.
EVERY = 1 if os.environ.get("HOLDFAST_FAULTS") == "all" else 4


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Tried]:
    return list(catalogue.tried(tmp_path_factory.mktemp("faults"), of=EVERY))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    names = [(fault.where, fault.name) for fault in (*ROWS, *FILES, *PERIODS)] + [("", fault.name) for fault in TABLES]
    assert len(names) == len(set(names)) >= LEAST


def test_each_becomes_what_it_should(found: list[Tried]) -> None:
    assert [one for one in found if one.does != one.should] == []


def test_none_loses_a_row(found: list[Tried]) -> None:
    assert [one for one in found if not one.rows_are_kept] == []


def test_the_page_says_what_was_found(found: list[Tried]) -> None:
    page = catalogue.PAGE.read_text(encoding="utf-8")
    table = page.partition(catalogue.BEGIN)[2].partition(catalogue.END)[0].splitlines()
    assert len(table) == len(ROWS) + len(FILES) + len(PERIODS) + len(TABLES) + 2
    lines = [catalogue.table([one]).splitlines()[-1] for one in found]
    assert [line for line in lines if line not in table] == [], "write it anew: make faults"
