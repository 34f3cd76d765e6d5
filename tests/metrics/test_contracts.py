"""The contracts that the models of customer_value are fitted to, each worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from assets.metrics import customer_value
from warehouse import catalog
from warehouse.settings import Settings

LAST = date(2024, 6, 15)
Contract = tuple[int, int, bool]  # months of a term, terms, whether it was lost

CASES: dict[str, tuple[str, list[str], list[Contract], int | None]] = {
    "from 31 January to 30 March the second month is not over": (
        "month",
        ["2024-01-31", "2024-03-31"],
        [(1, 2, True)],
        None,
    ),
    "three months are over on 1 April": ("month", ["2024-01-01", "2024-04-15"], [(1, 4, True)], None),
    "the last day paid for is 31 March": ("month", ["2024-01-01", "2024-04-01"], [(1, 3, True)], None),
    "the second year is not over yet": ("year", ["2023-01-01", "2024-02-01"], [(12, 1, False)], None),
    "the first year is": ("year", ["2023-06-01", "2024-02-01"], [(12, 1, True)], None),
    "it is over on the watermark": ("year", ["2023-06-15", "2024-02-01"], [(12, 1, True)], None),
    "it is over the day after": ("year", ["2023-06-16", "2024-02-01"], [(12, 0, False)], None),
    "it goes on": ("quarter", ["2024-01-01"], [(3, 1, False)], 5),
    "a term below a month counts as one": ("week", ["2024-06-01"], [(1, 0, False)], 0),
    "who comes back has another": (
        "month",
        ["2024-01-01", "2024-02-01", "2024-03-01"],
        [(1, 1, True), (1, 3, False)],
        3,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_contracts_are_counted_in_terms(case: str) -> None:
    interval, turns, contracts, months = CASES[case]
    row = told(interval, [date.fromisoformat(day) for day in turns])
    assert sorted(tuple(one.values()) for one in row["contracts"]) == sorted(contracts)
    assert row["contract_months"] == months
    assert row["term_months"] == (None if months is None else contracts[-1][0])


def test_a_term_of_some_weeks_counts_as_a_month() -> None:
    assert told("week", [date(2024, 6, 1)], interval_count=3)["term_months"] == 1


def told(interval: str, turns: list[date], interval_count: int = 1) -> dict[str, Any]:
    """The row of a customer who pays 10 a month from the first turn to the second, again from the third, and so on;
    beside another who began on the same day, by the month."""
    movements = ["new", *(["churn", "reactivation"] * len(turns))]
    rows = [
        {"person": 1, "day": day, "movement": movement, "after": 0 if movement == "churn" else 10, "interval": interval}
        for day, movement in zip(turns, movements, strict=False)
    ]
    rows.append({"person": 2, "day": turns[0], "movement": "new", "after": 1, "interval": "month"})
    changes = pl.DataFrame(rows).with_columns(
        pl.when(pl.col("after") == 0).then(10).otherwise(0).alias("before"),
        mrr="after",
        subscription_id=pl.format("s{}", "person"),
        currency=pl.lit("USD"),
        interval_count=interval_count,
    )
    frames = {
        **{"mrr_changes": changes, "subscription_mrr": changes},
        **{"order_days": changes.clear(), "value_tiers": changes.clear()},
        "people": pl.DataFrame({"person": [1, 2], "kind": "customer", "id": ["a", "b"]}),
    }
    settings = Settings(LAST, LAST, sources=frozenset({"subscriptions"}))
    found = customer_value.measure(**{name: as_state(name, of) for name, of in frames.items()}, settings=settings)
    [row] = found.filter(pl.col("customer_id") == "a").collect().rows(named=True)
    return row


def as_state(name: str, rows: pl.DataFrame) -> pl.LazyFrame:
    """The rows in the columns of the state; what they do not say is missing."""
    schema = catalog.load()[name].table.polars_schema()
    return rows.lazy().select(
        (pl.col(column) if column in rows.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in schema.items()
    )
