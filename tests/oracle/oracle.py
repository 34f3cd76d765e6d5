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
ROWS = ("5_keys", "6_periods")
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
}
# Tables without segments; the second are not recomputed here.
UNSEGMENTED = {"mrr_movements"}
ELSEWHERE = {
    "customer_value": ("customer_id", "currency"),
    "customer_health": ("customer_id",),
    "metric_trends": ("date", "metric"),
}


def keys(table: str) -> tuple[str, ...]:
    """The columns that name a row: the grain, and the segment where the table has one."""
    if table in ELSEWHERE:
        return ELSEWHERE[table]
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
    with opened(world, dimensions) as connection:
        return {
            table: published(pl.DataFrame(connection.sql((SQL / f"{table}.sql").read_text()).to_arrow_table())).sort(
                keys(table)
            )
            for table in expected(world)
            if tables is None or table in tables
        }


def published(frame: pl.DataFrame) -> pl.DataFrame:
    """The types that the interface promises: amounts Decimal(38, 4), counts Int64 (HUGEINT is Decimal(38, 0))."""
    types: dict[str, pl.DataType] = {}
    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Decimal):
            types[name] = pl.Decimal(38, 4) if kind.scale else pl.Int64()
        else:
            types[name] = pl.Int64() if kind.is_integer() else kind
    return frame.cast(types)  # type: ignore[arg-type]
