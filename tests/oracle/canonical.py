"""Loads a world into DuckDB as canonical, typed rows: every version of every row, with its instant, day, file and row.

Which version wins, and everything after it, is said in the SQL files. Reading texts is all that happens here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb
import polars as pl

from tests.oracle.instants import naive_utc, read
from tests.oracle.worlds import MINOR_UNITS, Row, World

TYPES = {
    **dict.fromkeys(("amount", "refunded_amount", "quantity", "discount", "discount_percent"), "DECIMAL(38, 6)"),
    **dict.fromkeys(("updated_at", "received_at", "instant"), "TIMESTAMP"),
    **dict.fromkeys(("day", "ended_day", "date", "current_period_end"), "DATE"),
    **dict.fromkeys(("interval_count", "attempt", "line", "digits"), "BIGINT"),
    **dict.fromkeys(("orders_window_days", "usage_window_days", "grace_days", "settle_days"), "INTEGER"),
    **dict.fromkeys(("full_extract", "lines", "distinct_rows"), "BOOLEAN"),
    "rate": "DECIMAL(38, 10)",
    "gross_margin": "DECIMAL(5, 4)",
    "value": "DECIMAL(38, 6)",
}
ORIGIN = "channel country"
COLUMNS = {
    "orders": f"order_id customer_id ordered_at amount currency refunded_amount status updated_at {ORIGIN}",
    "subscriptions": "change_id subscription_id customer_id ended_day current_period_end status plan amount interval "
    f"interval_count quantity discount discount_percent currency churn_type churn_reason updated_at {ORIGIN}",
    "events": f"event_id user_id customer_id occurred_at event_name value received_at {ORIGIN}",
    "customers": f"customer_id updated_at {ORIGIN}",
    "fx_rates": "currency rate",
    "payments": "payment_id customer_id subscription_id invoice_id amount currency status attempt updated_at",
}
OPTIONS = "full_extract lines distinct_rows"
RULES = "orders_window_days usage_window_days grace_days settle_days gross_margin reporting_currency industry date"
BOOKKEEPING = "file line instant day"
# A world is some dozens of rows: what these spend on a query's plan they never win back.
NEEDLESS_OPTIMIZERS = (
    "statistics_propagation,join_order,common_subplan,cte_inlining,compressed_materialization,late_materialization"
)
TIMES = {
    "orders": "ordered_at",
    "subscriptions": "effective_at",
    "events": "occurred_at",
    "fx_rates": "date",
    "payments": "attempted_at",
}


def load(world: World) -> duckdb.DuckDBPyConnection:
    """A database with raw_<source> for every source (empty where the world has none), and what the world declares."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute(f"SET disabled_optimizers = '{NEEDLESS_OPTIMIZERS}'")
    for source, columns in COLUMNS.items():
        fill(connection, f"raw_{source}", f"{columns} {BOOKKEEPING}", rows_of(world, source))
    units = MINOR_UNITS | {"CLF": 4}  # in no random world
    digits: list[Row] = [{"currency": name, "digits": str(digits)} for name, digits in units.items()]
    fill(connection, "minor_units", "currency digits", digits)
    declared: list[Row] = [
        {"name": name, **{option: str(option in given.options) for option in OPTIONS.split()}}
        for name, given in world.sources.items()
    ]
    fill(connection, "sources", f"name {OPTIONS}", declared)
    columns_of: list[Row] = [
        {"source": name, "name": c} for name, given in world.sources.items() for c in given.columns
    ]
    fill(connection, "source_columns", "source name", columns_of)
    roles: list[Row] = [{"role": role, "event_name": name} for role, name in world.roles.items()]
    fill(connection, "roles", "role event_name", roles)
    rules = {name: getattr(world, name) for name in RULES.split()}
    fill(connection, "rules", RULES, [{name: None if value is None else str(value) for name, value in rules.items()}])
    return connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable[Row]) -> None:
    """Creates a table from text rows, each column cast to its type; a column that a row lacks is null."""
    names = columns.split()
    frame = pl.DataFrame(
        [[row.get(name) for name in names] for row in rows], dict.fromkeys(names, pl.String), orient="row"
    )
    casts = ", ".join(f'CAST("{name}" AS {TYPES.get(name, "VARCHAR")}) AS "{name}"' for name in names)
    connection.register("texts", frame.to_arrow())
    connection.execute(f"CREATE TABLE {table} AS SELECT {casts} FROM texts")
    connection.unregister("texts")


def rows_of(world: World, source: str) -> Iterable[Row]:
    if source not in world.sources:
        return
    given = world.sources[source]
    zone = str(given.options.get("time_zone", "UTC"))
    time_column = "started_at" if given.options.get("shape") == "periods" else TIMES.get(source)
    for file, rows in given.files.items():
        for number, row in enumerate(rows, start=1):
            typed: Row = {**row, "file": file, "line": str(number)}
            for name in ("updated_at", "received_at"):
                if (text := row.get(name)) is not None:
                    typed[name] = str(naive_utc(read(text, zone, world.time_zone)[0]))
            if time_column is not None:
                instant, day = read(str(row[time_column]), zone, world.time_zone)
                typed |= {"instant": str(naive_utc(instant)), "day": day.isoformat()}
            if (end := row.get("ended_at")) is not None:
                ended = read(end, zone, world.time_zone)[1].toordinal() + bool(given.options.get("ends_inclusive"))
                typed["ended_day"] = date.fromordinal(ended).isoformat()
            if source != "fx_rates" and typed.get("currency") is None and "currency" in COLUMNS[source]:
                typed["currency"] = str(given.options["currency"])
            yield typed
