"""The published tables of a world, from the SQL files beside this one: one naive query per table.

`answer(world)` runs them all in one small database. No number is computed in Python.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from tests.oracle.canonical import load
from tests.oracle.worlds import World

SQL = Path(__file__).parent / "sql"
STATES = ("1_base", "2_mrr", "3_people", "4_segments")
ROWS = ("5_keys", "6_periods", "7_terms")
FIXED = ("all", "acquisition_channel", "country")
DIMENSIONS = (*FIXED, "plan", "value_tier", "tenure")
GRAIN = {
    "user_activity_daily": ("date", "period_days"),
    "user_retention_daily": ("date", "age_days"),
    "customer_retention_daily": ("basis", "date", "window_days"),
    "customer_cohorts": ("basis", "cohort_grain", "cohort_start", "age", "currency"),
    "orders_daily": ("date", "currency", "is_converted"),
    "mrr_daily": ("date", "currency", "is_converted"),
    "revenue_retention_daily": ("basis", "date", "window_days", "currency", "is_converted"),
    "mrr_movements": ("date", "customer_id", "currency"),
    "user_retention_cohorts": ("cohort_grain", "cohort_start", "age"),
    "customer_retention_calendar": ("basis", "period", "period_start"),
    "revenue_retention_calendar": ("basis", "period", "period_start", "currency", "is_converted"),
    "repeat_purchase_daily": ("date", "window_days"),
    "churn_reasons_daily": ("basis", "date", "churn_type", "churn_reason"),
    "ltv_daily": ("date", "currency", "is_converted"),
    "survival_curves": ("basis", "age_days"),
    "renewals_daily": ("date", "currency", "is_converted"),
    "payments_daily": ("date", "currency", "is_converted"),
    "sentiment_daily": ("date",),
    "customer_value": ("customer_id", "currency"),
    "customer_health": ("customer_id",),
    "upcoming_renewals": ("subscription_id", "customer_id", "currency"),
    "metric_trends": ("date", "metric"),
}
NEEDS = {
    "user_activity_daily": {"events"},
    "user_retention_daily": {"events"},
    "customer_retention_daily": {"orders", "subscriptions", "events"},
    "customer_cohorts": {"orders", "subscriptions"},
    "orders_daily": {"orders"},
    "mrr_daily": {"subscriptions"},
    "revenue_retention_daily": {"subscriptions", "orders"},
    "mrr_movements": {"subscriptions"},
    "user_retention_cohorts": {"events"},
    "customer_retention_calendar": {"orders", "subscriptions", "events"},
    "revenue_retention_calendar": {"subscriptions"},
    "repeat_purchase_daily": {"orders"},
    "churn_reasons_daily": {"orders", "subscriptions", "events"},
    "ltv_daily": {"subscriptions"},
    "survival_curves": {"orders", "subscriptions", "events"},
    "renewals_daily": {"subscriptions"},
    "payments_daily": {"payments"},
    "sentiment_daily": {"events"},
    "customer_value": {"orders", "subscriptions"},
    "customer_health": {"orders", "subscriptions", "events"},
    "upcoming_renewals": {"subscriptions"},
    "metric_trends": {"orders", "subscriptions", "events"},
}
# Tables whose queries read other tables.
READS = {
    "upcoming_renewals": ("customer_health",),
    "metric_trends": (
        "customer_retention_daily",
        "revenue_retention_daily",
        "repeat_purchase_daily",
        "user_activity_daily",
        "user_retention_daily",
        "sentiment_daily",
    ),
}
# Means over days are sums of the rates rounded to 12 digits, so that they are the same wherever the days begin.
NOTHING = {"metric_trends": 1e-11}
UNSEGMENTED = {"mrr_movements", "customer_value", "customer_health", "upcoming_renewals", "metric_trends"}


def keys(table: str) -> tuple[str, ...]:
    """The columns that name a row: the grain, and the segment where the table has one."""
    return GRAIN[table] if table in UNSEGMENTED else (*GRAIN[table], "segment", "segment_value")


def expected(world: World) -> list[str]:
    """The tables that the world's sources allow (any one of the sources that feed a table is enough)."""
    return [table for table, sources in NEEDS.items() if sources & set(world.sources)]


@contextmanager
def opened(world: World, dimensions: Collection[str] = DIMENSIONS) -> Iterator[duckdb.DuckDBPyConnection]:
    """The world's database with every state that the tables read, for the given segments."""
    connection = load(world)
    try:
        for step in STATES:
            connection.execute((SQL / f"{step}.sql").read_text())
        connection.execute("DELETE FROM segment_days WHERE NOT list_contains(?, segment)", [list(dimensions)])
        for step in ROWS:
            connection.execute((SQL / f"{step}.sql").read_text())
        yield connection
    finally:
        connection.close()


def answer(
    world: World, tables: Collection[str] | None = None, dimensions: Collection[str] = DIMENSIONS
) -> dict[str, pl.DataFrame]:
    """Every expected table (or those asked for), sorted by its keys."""
    asked = [table for table in expected(world) if tables is None or table in tables]
    answers: dict[str, pl.DataFrame] = {}
    with opened(world, dimensions) as connection:
        for table in dict.fromkeys(name for one in asked for name in (*READS.get(one, ()), one)):
            connection.execute(f"CREATE TABLE {table} AS {(SQL / f'{table}.sql').read_text()}")
            if table in asked:
                frame = pl.DataFrame(connection.sql(f"FROM {table}").to_arrow_table())
                answers[table] = published(frame).sort(keys(table))
    return answers


def published(frame: pl.DataFrame) -> pl.DataFrame:
    """The types that the interface promises: amounts Decimal(38, 4), counts Int64 (HUGEINT is Decimal(38, 0))."""
    types: dict[str, pl.DataType] = {}
    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Decimal):
            types[name] = pl.Decimal(38, 4) if kind.scale else pl.Int64()
        else:
            types[name] = pl.Int64() if kind.is_integer() else kind
    return frame.cast(types)  # type: ignore[arg-type]
