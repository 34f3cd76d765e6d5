"""What the audit says of models that could not be fitted."""

from __future__ import annotations

import polars as pl

from assets.metrics import customer_value
from quality import fits


def test_a_model_without_numbers_is_said() -> None:
    """Too few customers and an edge are noted, a likelihood that rises for ever is a warning, a fit says nothing."""
    frame = pl.DataFrame(
        {
            "orders_model": ["fitted", "fitted_at_edge", None],
            "spending_model": ["too_few_customers", "fitted", None],
            "contract_model": ["not_converged", "not_converged", None],
        }
    )
    found = {(one.column, one.severity): one for one in fits.observe(customer_value.table, frame) if one.observed}
    assert set(found) == {("orders_model", "info"), ("spending_model", "info"), ("contract_model", "warning")}
    assert len({one.check for one in found.values()}) == 3
    assert found["contract_model", "warning"].where == "2 of 2 rows"
