"""What the published tables of a demo say, in the shapes of `truth.json`: read with Polars from the release folder."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

Row = dict[str, Any]
ALL = (pl.col("segment") == "all") & (pl.col("segment_value") == "all")
ONE_DAY = (pl.col("basis") == "subscription") & (pl.col("window_days") == 1)


class Release:
    """The current release of a demo folder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "warehouse" / "current"

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / name / "**" / "*.parquet")

    def lost(self) -> dict[tuple[str, str, str], int]:
        """Customers lost by (segment, value, churn type) over all days; plans from the ledger."""
        rows = self.table("customer_retention_daily").filter(ONE_DAY)
        names = [name for name in rows.columns if name.startswith("customers_lost_")]
        sums = rows.group_by("segment", "segment_value").agg(pl.col(names).sum())
        long = sums.unpivot(names, index=["segment", "segment_value"], variable_name="type", value_name="lost")
        found = {(s, v, kind.removeprefix("customers_lost_")): lost for s, v, kind, lost in long.iter_rows()}
        churn = self.table("mrr_movements").filter(pl.col("movement") == "churn").group_by("plan", "churn_type").len()
        return found | {("plan", plan, kind): count for plan, kind, count in churn.iter_rows()}

    def at_risk_days(self) -> dict[tuple[str, str], int]:
        rows = self.table("customer_retention_daily").filter(ONE_DAY)
        sums = rows.group_by("segment", "segment_value").agg(pl.col("customers_at_start").sum())
        return {(segment, value): days for segment, value, days in sums.iter_rows()}

    def user_retention(self) -> dict[tuple[int, str, str], tuple[int, int]]:
        """(users in cohort, users retained) by (age, segment, value) over all days."""
        grain = ("age_days", "segment", "segment_value")
        sums = self.table("user_retention_daily").group_by(grain).agg(pl.col("users_in_cohort", "users_retained").sum())
        return {row[:3]: row[3:] for row in sums.iter_rows()}

    def movements(self) -> list[Row]:
        rows = self.table("mrr_movements").with_columns(month=pl.col("date").dt.to_string("%Y-%m"))
        grain = ("month", "currency", "movement")
        return _rows(rows.group_by(grain).agg(movements=pl.len(), amount=pl.col("amount").sum()))

    def churn(self) -> list[Row]:
        rows = self.table("mrr_movements").filter(pl.col("movement") == "churn")
        rows = rows.with_columns(month=pl.col("date").dt.to_string("%Y-%m"))
        return _rows(rows.group_by("month", "churn_type", "plan").agg(movements=pl.len()))

    def mrr_closing(self) -> list[Row]:
        rows = self.table("mrr_daily").filter(ALL, ~pl.col("is_converted"))
        return _rows(rows.select("date", "currency", "mrr_closing", "customers_paying"))

    def customer_retention(self) -> list[Row]:
        rows = self.table("customer_retention_daily").filter(ALL, pl.col("basis") == "subscription")
        return _rows(rows)

    def revenue_retention(self) -> list[Row]:
        rows = self.table("revenue_retention_daily")
        return _rows(rows.filter(ALL, ~pl.col("is_converted"), pl.col("basis") == "subscription"))

    def user_days(self) -> list[Row]:
        rows = self.table("user_activity_daily").filter(ALL, pl.col("period_days") == 1)
        rows = rows.with_columns(month=pl.col("date").dt.to_string("%Y-%m"))
        return _rows(rows.group_by("month").agg(user_days=pl.col("users_active").sum()))

    def orders(self) -> list[Row]:
        rows = self.table("orders_daily").filter(ALL, ~pl.col("is_converted"))
        rows = rows.with_columns(month=pl.col("date").dt.to_string("%Y-%m"))
        measures = pl.col("orders", "customers_first_order", "revenue").sum()
        return _rows(rows.group_by("month", "currency").agg(measures))

    def repeat_purchase(self) -> list[Row]:
        return _rows(self.table("repeat_purchase_daily").filter(ALL))


def _rows(frame: pl.DataFrame) -> list[Row]:
    """The rows as the truth writes them: dates as text, money with two decimals."""
    return frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).with_columns(
        pl.col(name).map_elements(_money, return_dtype=pl.String)
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Decimal)
    ).to_dicts()  # fmt: skip


def _money(value: Decimal) -> str:
    assert value == round(value, 2)
    return f"{value:.2f}"
