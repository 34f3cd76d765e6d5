"""One Dagster asset per table of the catalog: what it is, what it needs, and the step that makes it.

Nothing here knows a table by name. (Dagster reads the annotations of decorated functions, so they stay real ones.)
"""

import dagster as dg

from pipelines import steps
from pipelines.failures import IO_RETRIES, failing_clearly
from pipelines.months import first_day_of
from pipelines.resources import Warehouse
from warehouse.catalog import Catalog, Entry
from warehouse.manifest import HISTORIES
from warehouse.table import Column, Table

SINGLE_RUN = dg.BackfillPolicy.single_run()


def build_assets(tables: Catalog, months: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """Sources first: a step of lower priority waits, so that the range of days is found from everything new."""
    return [_asset(entry, tables, months) for entry in tables if entry.table.layer != HISTORIES]


def describe_histories(tables: Catalog, months: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """The histories on Dagster's page: no step makes them alone, they are written when the candidate is staged."""
    return [
        dg.AssetSpec(
            name,
            group_name=HISTORIES,
            description=entry.table.description,
            deps=list(tables.metrics),
            partitions_def=months,
            metadata={"dagster/column_schema": column_schema(entry.table)},
            kinds={"polars", "parquet"},
        )
        for name, entry in tables.histories.items()
    ]


def _asset(entry: Entry, tables: Catalog, months: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    table = entry.table

    @dg.asset(
        name=table.name,
        group_name=table.layer,
        description=table.description,
        deps=sorted({name for name in (*entry.inputs, *entry.references) if name in tables}),
        partitions_def=months,
        backfill_policy=SINGLE_RUN,
        retry_policy=IO_RETRIES,
        metadata={"dagster/column_schema": column_schema(table), "grain": ", ".join(c.name for c in table.keys)},
        op_tags={"dagster/priority": "1"} if table.layer == "sources" else None,
        kinds={"polars", "parquet"},
    )
    def make_table(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult[None]:
        with failing_clearly(context):
            from_day = first_day_of(context.partition_key_range.start)
            rows = steps.make(warehouse.workspace, table, warehouse.asked, from_day)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return make_table


def column_schema(table: Table) -> dg.TableSchema:
    """The columns as Dagster's page shows them."""
    return dg.TableSchema([_column(column) for column in table.all_columns])


def _column(column: Column) -> dg.TableColumn:
    limits = [f"unit: {column.unit}"] if column.unit else []
    if column.allowed:
        limits.append(f"one of {', '.join(map(str, column.allowed))}")
    if column.minimum is not None:
        limits.append(f">= {column.minimum}")
    if column.maximum is not None:
        limits.append(f"<= {column.maximum}")
    return dg.TableColumn(
        column.name,
        str(column.dtype() if isinstance(column.dtype, type) else column.dtype),
        column.description,
        dg.TableColumnConstraints(nullable=column.nullable, other=limits),
    )
