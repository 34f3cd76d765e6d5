"""The same work in other engines: the query of the work over the same Parquet files, its answer as the table's columns.

Person codes are dense in a shard; across shards both are packed into one 32-bit integer, which is the cheapest key an
engine can group by.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

import polars as pl

from tests.bench.kernels.business import FIRST_DAY, LAST_DAY
from tests.bench.kernels.works import Work, files_of, shards_of


def answer(engine: str, work: Work, home: Path) -> pl.DataFrame:
    """The rows of the query, in no particular order and in the engine's own types."""
    return {"duckdb": _in_duckdb, "chdb": _in_chdb}[engine](work, home)


def _in_duckdb(work: Work, home: Path) -> pl.DataFrame:
    import duckdb

    connection = duckdb.connect()
    for state in work.states:
        paths = [str(home / file.path) for file in files_of(home, state)]
        has_shard = "shard" in pl.read_parquet_schema(paths[0])
        read = f"read_parquet({paths}, hive_partitioning={not has_shard}, hive_types={{'shard': UINTEGER}})"
        if has_shard:
            read = f"read_parquet({paths}, hive_partitioning=false)"
        packed = f"(person * {shards_of(home)} + shard)::UINTEGER AS person, * EXCLUDE (person, shard)"
        connection.execute(f"CREATE VIEW {state.removesuffix('_all')} AS SELECT {packed} FROM {read}")
    return connection.sql(_query(work.query("duckdb"))).pl()


def _in_chdb(work: Work, home: Path) -> pl.DataFrame:
    from chdb import session

    inputs = {state.removesuffix("_all"): _clickhouse_input(home, state) for state in work.states}
    *steps, last = _query(work.query("chdb"), **inputs).split(";\n")
    database = session.Session()
    for step in steps:
        database.query(step)
    return pl.read_parquet(database.query(last, "Parquet").bytes())


def _clickhouse_input(home: Path, state: str) -> str:
    folder = home / "data" / "states" / state
    has_shard = "shard" in pl.read_parquet_schema(home / files_of(home, state)[0].path)
    shard = "shard" if has_shard else "toUInt32(extract(_path, 'shard=([0-9]+)'))"
    columns = f"SELECT * EXCEPT person, toUInt32(person * {shards_of(home)} + {shard}) AS person"
    return f"({columns} FROM file('{folder}/shard=*/**/*.parquet', Parquet))"


def _query(path: Path, **inputs: str) -> str:
    days = {"first_day": FIRST_DAY, "last_day": LAST_DAY}
    return Template(path.read_text()).substitute(**{name: f"DATE '{day}'" for name, day in days.items()}, **inputs)
