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

MONEY = "DECIMAL(38, 6)"
BOOKKEEPING = {"file": "VARCHAR", "line": "BIGINT", "instant": "TIMESTAMP", "day": "DATE"}
ORIGIN = {"channel": "VARCHAR", "country": "VARCHAR"}
COLUMNS: dict[str, dict[str, str]] = {
    "orders": {"order_id": "VARCHAR", "customer_id": "VARCHAR", "ordered_at": "VARCHAR", "amount": MONEY, "currency": "VARCHAR",
               "refunded_amount": MONEY, "status": "VARCHAR", **ORIGIN, "updated_at": "TIMESTAMP"},
    "subscriptions": {"change_id": "VARCHAR", "subscription_id": "VARCHAR", "customer_id": "VARCHAR", "effective_at": "VARCHAR",
                      "started_at": "VARCHAR", "ended_at": "VARCHAR", "ended_day": "DATE", "status": "VARCHAR", "plan": "VARCHAR",
                      "amount": MONEY, "interval": "VARCHAR", "interval_count": "BIGINT", "quantity": MONEY, "discount": MONEY,
                      "discount_percent": MONEY, "currency": "VARCHAR", "churn_type": "VARCHAR", "churn_reason": "VARCHAR",
                      **ORIGIN, "updated_at": "TIMESTAMP"},
    "events": {"event_id": "VARCHAR", "user_id": "VARCHAR", "customer_id": "VARCHAR", "occurred_at": "VARCHAR",
               "event_name": "VARCHAR", **ORIGIN, "received_at": "TIMESTAMP"},
    "customers": {"customer_id": "VARCHAR", **ORIGIN, "updated_at": "TIMESTAMP"},
    "fx_rates": {"date": "VARCHAR", "currency": "VARCHAR", "rate": "DECIMAL(38, 10)"},
}  # fmt: skip
TIMES = {"orders": "ordered_at", "subscriptions": "effective_at", "events": "occurred_at", "fx_rates": "date"}


def load(world: World) -> duckdb.DuckDBPyConnection:
    """A database with raw_<source> for every source (empty where the world has none), `rules` and `minor_units`."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for source, columns in COLUMNS.items():
        types = {**columns, **BOOKKEEPING}
        fill(connection, f"raw_{source}", types, rows_of(world, source))
    fill(connection, "minor_units", {"currency": "VARCHAR", "digits": "BIGINT"},
         [{"currency": name, "digits": str(digits)} for name, digits in MINOR_UNITS.items()])  # fmt: skip
    fill(connection, "sources", {"name": "VARCHAR"}, [{"name": name} for name in world.sources])
    fill(connection, "source_columns", {"source": "VARCHAR", "name": "VARCHAR"},
         [{"source": name, "name": column} for name, source in world.sources.items() for column in source.columns])  # fmt: skip
    fill(connection, "rules", {"orders_window_days": "INTEGER", "usage_window_days": "INTEGER", "grace_days": "INTEGER",
                               "reporting_currency": "VARCHAR", "date": "DATE"},
         [{"orders_window_days": str(world.orders_window_days), "usage_window_days": str(world.usage_window_days),
           "grace_days": str(world.grace_days), "reporting_currency": world.reporting_currency,
           "date": None if world.date is None else world.date.isoformat()}])  # fmt: skip
    return connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, types: dict[str, str], rows: Iterable[Row]) -> None:
    """Creates a table from text rows, each column cast to its type; a column that a row lacks is null."""
    texts = [[row.get(name) for name in types] for row in rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(types, pl.String), orient="row")
    casts = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in types.items())
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


