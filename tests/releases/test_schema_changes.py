"""A published table keeps its columns, their types and its grain, until a migration of it is declared."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import polars as pl
import pytest

from tests.releases.business import TABLES, Business, passed
from warehouse.errors import StorageError
from warehouse.table import Column, Measure, Migration, Table

BOTH = {"2026-09": 1, "2026-10": 2}
OLD = TABLES["orders_daily"]
COUNT = Column("orders_daily_count", pl.Float64, "How many.")
RETYPED = replace(OLD, columns=(COUNT,))
LOST = replace(OLD, columns=(Measure("paid_count", description="How many.", unit="customers"),))
REGRAINED = replace(OLD, grain=(*OLD.grain, Column("plan", pl.Int64, "The plan.")))
UNKEYED = replace(OLD, grain=(), columns=(*OLD.grain, *OLD.columns), partitioning="whole")


def tables(table: Table, *migrations: Migration) -> dict[str, Table]:
    return {"orders_daily": replace(table, migrations=migrations)}


@pytest.mark.parametrize(
    ("table", "told", "before", "after"),
    [
        (
            RETYPED,
            r"orders_daily_count \(int64\) becomes double",
            {"orders_daily_count": "int64"},
            {"orders_daily_count": "double"},
        ),
        (LOST, r"orders_daily_count \(int64\) is lost", {"orders_daily_count": "int64"}, {}),
        (REGRAINED, r"plan \(int64 key\) is a new key", {}, {"plan": "int64 key"}),
        (UNKEYED, r"date \(int64 key\) becomes int64", {"date": "int64 key"}, {"date": "int64"}),
    ],
    ids=["type", "lost", "new key", "no key any more"],
)
def test_a_breaking_change_is_refused_until_it_is_declared(
    business: Business, table: Table, told: str, before: dict[str, str], after: dict[str, str]
) -> None:
    business.publish(BOTH, tables=tables(OLD))
    with pytest.raises(StorageError, match=told) as refused:
        business.stage(BOTH, tables=tables(table))
    declared = eval(str(refused.value).partition("migrations=")[2], {"Migration": Migration})  # what it says to write
    assert declared == (Migration("why", before, after),)
    wrong = Migration("another", {"orders_daily_count": "string"}, {"plan": "string key"})
    for other in (wrong, Migration("half of it")):
        with pytest.raises(StorageError, match=told):
            business.stage(BOTH, tables=tables(table, other))
    candidate = business.stage(BOTH, tables=tables(table, *declared))
    published = business.releases.publish(candidate, passed(candidate))
    assert [one["name"] for one in published.schemas["orders_daily"]] == list(table.polars_schema())
    assert business.read(1) == business.read(2) == [1, 2]
    business.publish({"2026-10": 3}, tables=tables(table))  # the declaration may go once it is published


COUNT_TOO = Column("more", pl.Int64, "More.")


def test_all_of_a_migrated_table_is_computed_anew(business: Business) -> None:
    business.publish(BOTH, tables=tables(OLD))
    migration = Migration("counts become averages", {"orders_daily_count": "int64"}, {"orders_daily_count": "double"})
    with pytest.raises(StorageError, match="backfill"):
        business.stage({"2026-09": 1}, tables=tables(RETYPED, migration))
    with pytest.raises(StorageError, match="backfill"):
        business.stage({"2026-09": 1}, tables=tables(replace(OLD, columns=(*OLD.columns, COUNT_TOO))))


def test_a_new_column_needs_no_migration(business: Business) -> None:
    business.publish(BOTH, tables=tables(OLD))
    business.publish(BOTH, tables=tables(replace(OLD, columns=(*OLD.columns, COUNT_TOO))))
    with duckdb.connect(business.releases.folder(2) / "warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("SELECT more FROM orders_daily ORDER BY 1").fetchall() == [(1,), (2,)]


def test_a_rollback_over_a_migration_brings_the_old_columns_back(business: Business) -> None:
    business.publish(BOTH, tables=tables(OLD))
    migration = Migration("gone", {"orders_daily_count": "int64"})
    business.publish(BOTH, tables=tables(LOST, migration))
    assert business.releases.rollback(1).schemas == business.releases.get(1).schemas
    business.publish(BOTH, tables=tables(LOST, migration))
    assert [one["name"] for one in business.releases.get(4).schemas["orders_daily"]] == ["date", "paid_count"]
