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
STEPS = ("1_base", "2_mrr", "3_people", "4_segments", "5_keys")
GRAIN = {
    "user_activity_daily": ("date", "period_days"),
    "user_retention_daily": ("date", "age_days"),
    "customer_retention_daily": ("basis", "date", "window_days"),
    "customer_cohorts": ("basis", "cohort_grain", "cohort_start", "age", "currency"),
    "orders_daily": ("date", "currency", "is_converted"),
    "mrr_daily": ("date", "currency", "is_converted"),
    "revenue_retention_daily": ("basis", "date", "window_days", "currency", "is_converted"),
    "mrr_movements": ("date", "customer_id", "currency"),
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
}


def keys(table: str) -> tuple[str, ...]:
    """The columns that name a row: the grain, and the segment where the table has one."""
    return GRAIN[table] if table == "mrr_movements" else (*GRAIN[table], "segment", "segment_value")


def expected(world: World) -> list[str]:
    """The tables that the world's sources allow (any one of the sources that feed a table is enough)."""
    return [table for table, sources in NEEDS.items() if sources & set(world.sources)]


@contextmanager
def opened(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """The world's database with every state that the tables read."""
    connection = load(world)
    try:
        for step in STEPS:
            connection.execute((SQL / f"{step}.sql").read_text())
        yield connection
    finally:
        connection.close()


def answer(world: World, tables: Collection[str] | None = None) -> dict[str, pl.DataFrame]:
    """Every expected table (or those asked for), sorted by its keys."""
    with opened(world) as connection:
        return {
            table: pl.DataFrame(connection.sql((SQL / f"{table}.sql").read_text()).to_arrow_table()).sort(keys(table))
            for table in expected(world)
            if tables is None or table in tables
        }
