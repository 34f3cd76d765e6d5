"""The demo's truth is recovered: what the published tables say against what the made-up business was and did.

Three kinds of comparison, for two seeds:
- books: the tables equal what the generator booked, row by row, to the cent;
- chances: a count of the tables lies within 4 standard errors of the planted expectation, plus 1 because counts are
  whole (a count far off in any of some 100 rows is found; by chance alone 1 row in about 16,000 would be);
- the 30-day churn rate pooled over month ends lies within a fifth of 1 - (1 - hazard)^30, which ignores customers who
  come back inside the window, plus 4 standard errors of a binomial share.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from tests.demo.measured import Release, Row

CUSTOMERS, DAYS = 1_500, 400
STANDARD_ERRORS, WHOLE_COUNT = 4, 1
BOOKS: dict[str, tuple[Callable[[Release], list[Row]], tuple[str, ...]]] = {
    "mrr_movements": (Release.movements, ("month", "currency", "movement")),
    "churn": (Release.churn, ("month", "churn_type", "plan")),
    "mrr_closing": (Release.mrr_closing, ("date", "currency")),
    "customer_retention": (Release.customer_retention, ("date", "window_days")),
    "revenue_retention": (Release.revenue_retention, ("date", "window_days", "currency")),
    "user_days": (Release.user_days, ("month",)),
    "orders": (Release.orders, ("month", "currency")),
    "repeat_purchase": (Release.repeat_purchase, ("date", "window_days")),
}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_tables_recover_the_planted_truth(seed: int, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    asked = ["--customers", str(CUSTOMERS), "--days", str(DAYS), "--seed", str(seed)]
    assert main(["demo", str(root), *asked]) == 0
    config = root / "holdfast.toml"
    config.write_text(config.read_text().replace("shards = 4", "shards = 2"))  # so few rows need no more
    assert main(["run", "--config", str(config)]) == 0
    truth, release = json.loads((root / "truth.json").read_text()), Release(root)
    assert not list(_wrong_books(truth["books"], release))
    assert not list(_wrong_counts(truth["expected"], release))
    assert not list(_far_from_chance(truth["expected"], release))
    assert not list(_far_from_churn_rate(truth["expected"]["customer_churn_30_days"], truth["books"], release))


def _wrong_books(books: dict[str, list[Row]], release: Release) -> Iterator[str]:
    for name, (read, keys) in BOOKS.items():
        if name == "repeat_purchase" and not (release.folder / "repeat_purchase_daily").exists():
            continue
        found = _by_key(read(release), keys)
        told = _by_key(books[name], keys)
        for key, row in told.items():
            values = {column: found.get(key, {}).get(column) for column in row}
            if values != row and (key in found or any(_is_some(row[column]) for column in row if column not in keys)):
                yield f"{name} {key}: {values} is not {row}"
        if name in ("mrr_movements", "churn"):
            yield from (f"{name} {key}: never happened" for key in found.keys() - told.keys())


def _wrong_counts(expected: Row, release: Release) -> Iterator[str]:
    """What happened under the planted chances is known exactly too."""
    lost, at_risk, retention = release.lost(), release.at_risk_days(), release.user_retention()
    for row in expected["churn"]:
        key = row["segment"], row["segment_value"], row["churn_type"]
        if lost.get(key, 0) != row["observed"]:
            yield f"lost {key}: {lost.get(key)} is not {row['observed']}"
        if row["at_risk_days"] is not None and at_risk.get(key[:2]) != row["at_risk_days"]:
            yield f"at risk {key}: {at_risk.get(key[:2])} is not {row['at_risk_days']}"
    for row in expected["user_retention"]:
        age = row["age_days"], row["segment"], row["segment_value"]
        if retention.get(age) != (row["users_in_cohort"], row["observed"]):
            yield f"users {age}: {retention.get(age)} is not {row['users_in_cohort']}, {row['observed']}"


def _far_from_chance(expected: Row, release: Release) -> Iterator[str]:
    lost, retention = release.lost(), release.user_retention()
    for row in expected["churn"]:
        count = lost.get((row["segment"], row["segment_value"], row["churn_type"]), 0)
        yield from _too_far(count, row)
    for row in expected["user_retention"]:
        yield from _too_far(retention[row["age_days"], row["segment"], row["segment_value"]][1], row)


def _too_far(count: int, row: Row) -> Iterator[str]:
    if abs(count - row["expected"]) > STANDARD_ERRORS * row["standard_error"] + WHOLE_COUNT:
        yield f"{count} is too far from {row}"


def _far_from_churn_rate(rate: float, books: dict[str, list[Row]], release: Release) -> Iterator[str]:
    days = {(row["date"], row["window_days"]) for row in books["customer_retention"]}
    rows = [row for row in release.customer_retention() if (row["date"], row["window_days"]) in days]
    start, lost = (sum(row[name] for row in rows) for name in ("customers_at_start", "customers_lost"))
    error = sqrt(rate * (1 - rate) / start)
    if abs(lost / start - rate) > rate / 5 + STANDARD_ERRORS * error:
        yield f"30-day churn {lost} of {start} is too far from {rate}"


def _by_key(rows: Sequence[Row], keys: tuple[str, ...]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[key] for key in keys): row for row in rows}


def _is_some(value: object) -> bool:
    """Neither nothing nor zero: a row of zeros need not be published before the first fact."""
    return value not in (None, 0, "0.00")
