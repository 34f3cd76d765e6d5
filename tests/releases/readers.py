"""The plain tools analysts read a release's folder with, each told only that folder and the names of the tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

Values = dict[str, list[int]]


def with_polars(folder: Path, tables: Collection[str]) -> Values:
    """The dates of each table, sorted; so do the others."""
    return {
        table: sorted(pl.read_parquet(folder / table / "**/*.parquet", hive_partitioning=False)["date"])
        for table in tables
    }


def with_pandas(folder: Path, tables: Collection[str]) -> Values:
    return {table: sorted(map(int, pd.read_parquet(folder / table)["date"])) for table in tables}


def with_pyarrow(folder: Path, tables: Collection[str]) -> Values:
    return {table: sorted(pq.read_table(folder / table)["date"].to_pylist()) for table in tables}


def with_duckdb(folder: Path, tables: Collection[str]) -> Values:
    """Through the release's own database."""
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
        return {
            table: [row[0] for row in connection.execute(f"SELECT date FROM {table} ORDER BY 1").fetchall()]
            for table in tables
        }


def with_duckdb_on_files(folder: Path, tables: Collection[str]) -> Values:
    with duckdb.connect() as connection:
        return {
            table: [
                row[0]
                for row in connection.execute(
                    "SELECT date FROM read_parquet(?) ORDER BY 1", [f"{folder}/{table}/**/*.parquet"]
                ).fetchall()
            ]
            for table in tables
        }


READERS: dict[str, Callable[[Path, Collection[str]], Values]] = {
    "Polars": with_polars,
    "pandas": with_pandas,
    "pyarrow": with_pyarrow,
    "DuckDB": with_duckdb,
    "DuckDB on the files": with_duckdb_on_files,
}
