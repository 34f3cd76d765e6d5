"""The dirt in the demo's files is exactly the dirt its truth tells, recounted from the files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from tests.demo.reading import BAD_STATUS, changes, events, orders


def test_the_dirt_in_orders_is_exactly_the_dirt_told(demo: Path, truth: dict[str, Any]) -> None:
    rows = orders(demo)
    is_number = pl.col("amount").str.contains(r"^\d+\.\d\d$")
    is_time = pl.col("ordered_at").str.contains(r"^20\d\d-(0\d|1[0-2])-[0-3]\d")
    faults = {
        "missing_customer_id": rows.filter(pl.col("customer_id").is_null()).height,
        "malformed_amount": rows.filter(~is_number).height,
        "malformed_timestamp": rows.filter(~is_time).height,
        "unknown_status": rows.filter(pl.col("status").is_in(BAD_STATUS)).height,
    }
    good = rows.filter(is_number, is_time, pl.col("customer_id").is_not_null(), ~pl.col("status").is_in(BAD_STATUS))
    assert rows.height - good.height == sum(faults.values()) == truth["rows"]["orders"]["quarantined"]
    once = good.unique()
    naive = once.filter(pl.col("ordered_at").str.contains(" ")).height
    versions = {
        "repeated_row": good.height - once.height,
        "newer_version": once.height - once["order_id"].n_unique(),
        "naive_timestamp": naive,
    }
    assert faults | versions == truth["dirt"]["orders"]
    assert once.filter(pl.struct("order_id", "updated_at").is_duplicated()).is_empty()
    assert once["order_id"].n_unique() == truth["rows"]["orders"]["current"]


def test_the_dirt_in_subscriptions_is_exactly_the_dirt_told(demo: Path, truth: dict[str, Any]) -> None:
    rows = changes(demo)
    faults = {
        "missing_subscription_id": sum("subscription_id" not in row for row in rows),
        "malformed_amount": sum(isinstance(row["amount"], str) for row in rows),
        "unknown_status": sum(row["status"] in BAD_STATUS for row in rows),
    }
    good = [row for row in rows if not row["change_id"].startswith("KX")]
    assert len(rows) - len(good) == sum(faults.values()) == truth["rows"]["subscriptions"]["quarantined"]
    texts = Counter(json.dumps(row, sort_keys=True) for row in good)
    late = sum(json.loads(text)["updated_at"][:10] > json.loads(text)["effective_at"][:10] for text in texts)
    assert faults | {"repeated_row": len(good) - len(texts), "late_row": late} == truth["dirt"]["subscriptions"]
    assert len({row["change_id"] for row in good}) == truth["rows"]["subscriptions"]["current"]


def test_the_dirt_in_events_is_exactly_the_dirt_told(demo: Path, truth: dict[str, Any]) -> None:
    rows = events(demo)
    good = rows.drop_nulls(["user_id", "occurred_at"])
    once = good.unique()
    late = once.select(days=(pl.col("received_at") - pl.col("occurred_at")).dt.total_days())["days"]
    assert truth["dirt"]["events"] == {
        "missing_user_id": rows["user_id"].null_count(),
        "missing_timestamp": rows["occurred_at"].null_count(),
        "repeated_row": good.height - once.height,
        "one_day_late": int((late == 1).sum()),
        "over_30_days_late": int((late > 30).sum()),
    }
    assert once.height == once["event_id"].n_unique() == truth["rows"]["events"]["current"]
    assert 0.06 < (late == 1).mean() < 0.08
