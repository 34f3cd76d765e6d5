"""What the audit says of models that could not be fitted."""

from __future__ import annotations

import polars as pl

from assets.metrics import customer_value
from quality import fits


def test_a_model_without_numbers_is_said() -> None:
    """Too few customers are noted, a likelihood without a peak is a warning, a fit says nothing."""
    frame = pl.DataFrame(
        {
            "orders_model": ["fitted", "fitted", None],
            "spending_model": ["too_few_customers", "fitted", None],
            "contract_model": ["not_converged", "not_converged", None],
        }
    )
    found = {(one.column, one.severity): one for one in fits.observe(customer_value.table, frame) if one.observed}
    assert set(found) == {("spending_model", "info"), ("contract_model", "warning")}
    assert found["contract_model", "warning"].where == "2 of 2 rows"
