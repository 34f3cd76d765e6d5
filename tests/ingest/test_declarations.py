"""The contracts as declared: the names a user may write are those the sources know."""

from __future__ import annotations

import polars as pl
import pytest

from warehouse.config import CANONICAL, PERIODS
from warehouse.contract import CONTRACTS


def test_configuration_and_contracts_name_the_same_columns() -> None:
    for name, contract in CONTRACTS.items():
        assert tuple(sorted(CANONICAL[name])) == tuple(sorted(column.name for column in contract.inputs("changes")))
    periods = CONTRACTS["subscriptions"].inputs("periods")
    assert tuple(sorted(PERIODS)) == tuple(sorted(column.name for column in periods))


@pytest.mark.parametrize("name", sorted(CONTRACTS))
@pytest.mark.parametrize("shape", ["changes", "periods"])
def test_a_completed_row_has_the_tables_columns_and_types(name: str, shape: str) -> None:
    contract = CONTRACTS[name]
    schema = {column.name: column.dtype for column in contract.inputs(shape)} | {"day": pl.Date}
    completed = contract.complete(pl.LazyFrame(schema=schema)).collect_schema()
    given = {"file", "row", "is_current", "user", "customer", "customer_shard"}
    expected = {column: dtype for column, dtype in contract.table.polars_schema().items() if column not in given}
    assert {column: completed[column] for column in expected} == expected
