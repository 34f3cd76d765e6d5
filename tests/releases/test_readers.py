"""Readers during publishes: who pins a release never sees two mixed."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from tests.releases.business import TABLES, Business

MANY = {f"t{i:02}_daily": replace(TABLES["orders_daily"], name=f"t{i:02}_daily") for i in range(12)}
PUBLISHES = 12


def with_polars(folder: Path) -> set[int]:
    return {pl.read_parquet(folder / table / "*/data.parquet", hive_partitioning=False)["date"][0] for table in MANY}


def with_pandas(folder: Path) -> set[int]:
    return {int(pd.read_parquet(folder / table)["date"].iloc[0]) for table in MANY}


def with_duckdb(folder: Path) -> set[int]:
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
        return {connection.execute(f"SELECT date FROM {table}").fetchall()[0][0] for table in MANY}


def test_a_pinned_reader_sees_one_release(business: Business) -> None:
    business.publish({"2026-09": 0}, MANY)
    seen: list[set[int]] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            for reader in (with_polars, with_pandas, with_duckdb):
                try:
                    seen.append(reader((business.home / "current").resolve()))
                except Exception as error:
                    failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for value in range(1, PUBLISHES):
        business.publish({"2026-09": value}, MANY)
    over.set()
    thread.join()
    assert failed == []
    assert seen
    assert {len(values) for values in seen} == {1}
    assert with_duckdb(business.releases.folder(PUBLISHES)) == {PUBLISHES - 1}
