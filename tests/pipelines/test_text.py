from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines.text import cell, grid, plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (1234567, "1,234,567"),
        (0.98765, "0.9877"),
        (Decimal("1234.5000"), "1,234.50"),
        (Decimal("0.1234"), "0.1234"),
        (True, "yes"),
        ("two\nlines\x1b[2J\u202e", "two lines [2J"),
        (datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC), "2026-11-02 03:04:05+00:00"),
    ],
)
def test_a_value_reads_like_one(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_numbers_stand_right_and_text_left() -> None:
    assert grid(["name", "count"], [["a", 5], ["long", 12345]]) == "name   count\na          5\nlong  12,345"


def test_columns_that_do_not_fit_continue_in_a_block_with_the_keys() -> None:
    text = grid(["key", "first", "second"], [["k", "1", "2"]], keys=1, width=12)
    assert text == "key  first\nk    1\n\nkey  second\nk    2"


def test_a_grid_without_rows_is_its_header() -> None:
    assert grid(["a", "b"], []) == "a  b"


def test_a_long_text_is_cut() -> None:
    assert grid(["a"], [["x" * 80]], widest=10).splitlines()[1] == "x" * 9 + "…"


def test_a_message_keeps_its_lines_and_drives_no_terminal() -> None:
    assert plain("no column '\x1b[2J'\nbut é\r") == "no column ' [2J'\nbut é "
