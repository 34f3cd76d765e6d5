"""The made-up business behaves as planted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.demo import generate
from tests.demo.conftest import CUSTOMERS
from tests.demo.reading import changes, csv, events, files, orders


def test_everybody_is_in_the_files_and_one_customer_has_one_to_five_users(demo: Path, truth: dict[str, Any]) -> None:
    customers = pl.concat([csv(path) for path in files(demo, "customers", ".csv")])["customer_id"].unique()
    buyers = orders(demo)["customer_id"].drop_nulls()
    contracts = {row["customer_id"] for row in changes(demo)}
    assert set(buyers) | contracts == set(customers)
    assert len(customers) == CUSTOMERS
    users = events(demo).drop_nulls(["user_id"]).group_by("customer_id").agg(pl.col("user_id").n_unique())["user_id"]
    assert (users.len(), users.min(), users.max(), users.sum()) == (CUSTOMERS, 1, 5, truth["users"])


def test_what_happened_is_what_was_planted_within_four_standard_errors(truth: dict[str, Any]) -> None:
    parts = ("churn", "user_retention", "order_repeat")
    rows = [row for part in parts for row in truth["expected"][part]]
    far = [row for row in rows if abs(row["observed"] - row["expected"]) > 4 * row["standard_error"] + 1]
    assert len(rows) > 100
    assert not far


def test_those_about_to_leave_log_in_less_and_score_lower(tmp_path: Path) -> None:
    """Of customers who cancel by choice: the 14 days before it against the 14 days that end a month earlier."""
    generate(tmp_path / "shop", 1_500, 400, 1)
    rows = changes(tmp_path / "shop")
    gone = {
        row["customer_id"]: date.fromisoformat(row["effective_at"][:10])
        for row in rows
        if row.get("churn_type") == "voluntary" and row.get("churn_reason") in ("price", "competitor")
    }
    lost = pl.DataFrame({"customer_id": list(gone), "gone": list(gone.values())})
    used = events(tmp_path / "shop").drop_nulls(["occurred_at"])
    mine = used.join(lost, on="customer_id").with_columns(
        before=(pl.col("gone") - pl.col("occurred_at").dt.date()).dt.total_days()
    )
    logins = mine.filter(pl.col("event_name") == "login")["before"]
    assert logins.is_between(1, 14).sum() < 0.7 * logins.is_between(29, 42).sum()
    scores = mine.filter(pl.col("event_name") == "nps_answered", pl.col("before").is_between(1, 45))["value"]
    others = used.filter(pl.col("event_name") == "nps_answered")["value"]
    assert float(scores.mean()) < float(others.mean()) - 1  # type: ignore[arg-type]
    assert set(others) <= set(range(11))
