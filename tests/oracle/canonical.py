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
    **dict.fromkeys(("day", "ended_day"), "DATE"),
    **dict.fromkeys(("interval_count", "line"), "BIGINT"),
    "rate": "DECIMAL(38, 10)",
}
ORIGIN = "channel country"
COLUMNS = {
    "orders": f"order_id customer_id amount currency refunded_amount status updated_at {ORIGIN}",
    "subscriptions": "change_id subscription_id customer_id ended_day status plan amount interval interval_count "
    f"quantity discount discount_percent currency churn_type churn_reason updated_at {ORIGIN}",
    "events": f"event_id user_id customer_id occurred_at event_name received_at {ORIGIN}",
    "customers": f"customer_id updated_at {ORIGIN}",
    "fx_rates": "currency rate",
}
BOOKKEEPING = "file line instant day"
TIMES = {"orders": "ordered_at", "subscriptions": "effective_at", "events": "occurred_at", "fx_rates": "date"}


def load(world: World) -> duckdb.DuckDBPyConnection:
    """A database with raw_<source> for every source (empty where the world has none), `rules` and `minor_units`."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for source, columns in COLUMNS.items():
        names = [*columns.split(), *BOOKKEEPING.split()]
        fill(connection, f"raw_{source}", {name: TYPES.get(name, "VARCHAR") for name in names}, rows_of(world, source))
    fill(
        connection,
        "minor_units",
        {"currency": "VARCHAR", "digits": "BIGINT"},
        [{"currency": name, "digits": str(digits)} for name, digits in MINOR_UNITS.items()],
    )
    fill(
        connection,
        "sources",
        {"name": "VARCHAR", "is_full_extract": "BOOLEAN"},
        [
            {"name": name, "is_full_extract": str("full_extract" in given.options)}
            for name, given in world.sources.items()
        ],
    )
    fill(
        connection,
        "source_columns",
        {"source": "VARCHAR", "name": "VARCHAR"},
        [{"source": name, "name": column} for name, source in world.sources.items() for column in source.columns],
    )
    fill(
        connection,
        "rules",
        {
            "orders_window_days": "INTEGER",
            "usage_window_days": "INTEGER",
            "grace_days": "INTEGER",
            "reporting_currency": "VARCHAR",
            "date": "DATE",
        },
        [
            {
                "orders_window_days": str(world.orders_window_days),
                "usage_window_days": str(world.usage_window_days),
                "grace_days": str(world.grace_days),
                "reporting_currency": world.reporting_currency,
                "date": None if world.date is None else world.date.isoformat(),
            }
        ],
    )
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
