from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from warehouse import sql
from warehouse.errors import SourceError, UsageError

KEY = "sources.orders.columns.amount"
TEXTS = pl.DataFrame(
    {
        "quantity": ["2", "3", "x"],
        "price": ["1.10", "0.1", "5"],
        "kind": ["sale", "refund", "sale"],
        "day": ["1", "2", "3"],
    }
)


def computed(text: str, frame: pl.DataFrame = TEXTS, wants: sql.Wants = "number") -> sql.Computed:
    return sql.evaluate(sql.parse(KEY, text), frame, wants, "a.csv")


@pytest.mark.parametrize(
    ("text", "wants", "values"),
    [
        ("quantity * price", "number", [Decimal("2.2"), Decimal("0.3"), None]),
        ("price + 1", "number", [Decimal("2.1"), Decimal("1.1"), Decimal("6")]),
        ("price + price", "number", [Decimal("2.2"), Decimal("0.2"), Decimal("10")]),
        (
            "CASE WHEN kind = 'refund' THEN -price ELSE price END",
            "number",
            [Decimal("1.1"), Decimal("-0.1"), Decimal("5")],
        ),
        ("COALESCE(price, 0)", "number", [Decimal("1.1"), Decimal("0.1"), Decimal("5")]),
        ("price / 3", "number", [Decimal("0.366666666667"), Decimal("0.033333333333"), Decimal("1.666666666667")]),
        ("kind || '-' || day", "any", ["sale-1", "refund-2", "sale-3"]),
        ("'GBP'", "any", ["GBP", "GBP", "GBP"]),
        ("kind LIKE 's%' AND price > 2", "boolean", [False, False, True]),
        ("quantity > 2", "boolean", [False, True, None]),
        ("quantity IN ('2', 'x')", "boolean", [True, False, True]),
    ],
)
def test_text_columns_are_numbers_only_where_they_have_to_be(text: str, wants: sql.Wants, values: list[object]) -> None:
    assert computed(text, wants=wants).values.to_list() == values


def test_a_value_that_is_no_number_is_reported_for_its_row() -> None:
    found = computed("quantity * price")
    assert {name: bad.to_list() for name, bad in found.bad.items()} == {
        "quantity is not a number": [False, False, True]
    }


def test_floats_become_decimals_before_any_arithmetic() -> None:
    frame = pl.DataFrame({"quantity": [3.0, 1e6], "price": [0.1, 2.55]})
    found = computed("quantity * price", frame).values
    assert found.dtype.is_decimal()
    assert found.to_list() == [Decimal("0.3"), Decimal("2550000")]


def test_a_float_literal_is_exact_too() -> None:
    assert computed("price * 0.1").values.to_list() == [Decimal("0.11"), Decimal("0.01"), Decimal("0.5")]


@pytest.mark.parametrize("text", ["price >", "", "SELECT 1", "price > 0; DROP TABLE x", "frobnicate(price)", "*"])
def test_what_does_not_parse_is_a_usage_error_with_the_key(text: str) -> None:
    with pytest.raises(UsageError, match=KEY.replace(".", r"\.")):
        sql.parse(KEY, text)


def test_an_expression_cannot_read_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nswordfish\n")
    for text in (
        f"(SELECT word FROM read_csv('{secret}'))",
        f"EXISTS (SELECT * FROM read_csv('{secret}'))",
        f"EXISTS (FROM read_csv('{secret}'))",
        f"price IN (FROM  read_csv('{secret}'))",
        f"price IN (SELECT word FROM '{secret}')",
        f"price > ALL(select word from read_csv('{secret}'))",
        f"read_csv('{secret}')",
        f"price || 'x\\' || (SELECT word FROM read_csv('{secret}')) || '",
        f"price /* ' */ || (SELECT word FROM read_csv('{secret}')) /* ' */",
        f"price || $$'$$ || (SELECT word FROM read_csv('{secret}')) || $$'$$",
        f"E'\\'' || (SELECT word FROM read_csv('{secret}')) || 'x'",
    ):
        with pytest.raises(UsageError):
            sql.parse(KEY, text)


@pytest.mark.parametrize("reader", ["read_csv", "READ_PARQUET", "read_json", "read_ipc", "scan_csv", "scan_parquet"])
def test_an_expression_cannot_reach_the_network(reader: str) -> None:
    for text in (
        f"{reader}('http://127.0.0.1:9/x')",
        f"price IN (SELECT a FROM {reader}('s3://bucket/x'))",
        f"COALESCE(price, (SELECT a FROM {reader}('http://127.0.0.1:9/x')))",
        f"CASE WHEN EXISTS (FROM {reader}('http://127.0.0.1:9/x')) THEN 1 END",
    ):
        with pytest.raises(UsageError):
            sql.parse(KEY, text)


@pytest.mark.parametrize(
    "text", ["NOW()", "CURRENT_DATE", "ROW_NUMBER() OVER (ORDER BY price)", "COUNT(*)", "(VALUES (1))"]
)
def test_an_expression_knows_neither_the_clock_nor_other_rows(text: str) -> None:
    with pytest.raises(UsageError):
        computed(text)


def test_sums_over_the_file_are_refused() -> None:
    with pytest.raises(UsageError, match="many rows"):
        computed("MAX(price)", pl.DataFrame({"price": [1, 2]}))


def test_words_of_queries_are_fine_in_quotes() -> None:
    frame = pl.DataFrame({"select": ["a", "b"], "note": ["values with", "x"]})
    assert computed("\"select\" || ' from '", frame, "any").values.to_list() == ["a from ", "b from "]
    assert computed("note = 'values with'", frame, "boolean").values.to_list() == [True, False]


def test_an_expression_that_fits_no_type_says_so() -> None:
    with pytest.raises(UsageError, match=r"a\.csv"):
        computed("kind || price", wants="boolean")


def test_rows_that_an_expression_fails_in_are_reported_and_the_others_computed() -> None:
    frame = pl.DataFrame({"a": ["6", "5", "x", "1e20"], "b": ["3", "0", "1", "1e15"]})
    found = computed("a * b / b", frame)
    assert found.values[0] == Decimal(6)
    assert {reason: bad.arg_true().to_list() for reason, bad in found.bad.items()} == {
        "a is not a number": [2],
        "it cannot be computed (division by zero Decimal)": [1],
        "it cannot be computed (overflow in decimal multiplication: result doesn't fit Decimal(38, 12))": [3],
    }


def test_a_cast_fails_row_by_row_and_try_cast_does_not() -> None:
    found = computed("CAST(quantity AS DECIMAL(38, 6)) * 2")
    assert found.values.to_list() == [Decimal(4), Decimal(6), None]
    assert [bad.arg_true().to_list() for bad in found.bad.values()] == [[2]]
    assert computed("TRY_CAST(quantity AS DECIMAL(38, 6)) * 2").bad == {}


def test_an_expression_that_fails_almost_everywhere_stops_and_names_the_way_out() -> None:
    with pytest.raises(SourceError, match="TRY_CAST"):
        computed("CAST(kind AS DECIMAL(38, 6))", pl.DataFrame({"kind": ["x"] * 1100}))
