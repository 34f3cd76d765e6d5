"""The release as a Dagster asset: the last step of the job, and the only one that readers notice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from pipelines import steps
from pipelines.failures import IO_RETRIES, failing_clearly
from pipelines.months import months_between
from pipelines.resources import POOL, Warehouse
from pipelines.table_assets import SINGLE_RUN
from warehouse.catalog import Catalog
from warehouse.manifest import Manifest

RELEASE = "release"
# Daily, and at the latest when the run of the next morning is over.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=48), warn_window=timedelta(hours=30))


def build_release(tables: Catalog, months: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.asset(
        name=RELEASE,
        group_name=RELEASE,
        description="All metric tables, audited, in one immutable folder that appears at once or not at all.",
        deps=list(tables.metrics),
        partitions_def=months,
        backfill_policy=SINGLE_RUN,
        retry_policy=IO_RETRIES,
        pool=POOL,
        freshness_policy=FRESHNESS,
        kinds={"parquet", "duckdb"},
    )
    def release(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult[None]:
        with failing_clearly(context):
            days = steps.days_of(warehouse.workspace)
            published = steps.publish(warehouse.workspace)
        selected = set(context.partition_keys)
        extra = [month for month in months_between(days.first_day, days.last_day) if month not in selected]
        for event in _materializations(tables, sorted(selected), extra):
            context.log_event(event)
        return dg.MaterializeResult(metadata=_metadata(published, warehouse))

    return release


def _materializations(tables: Catalog, months: list[str], extra_months: list[str]) -> Iterator[dg.AssetMaterialization]:
    """What no step of its own made, and the months that this run covered beyond those it was launched for."""
    for name in tables.histories:
        for month in months:
            yield dg.AssetMaterialization(name, partition=month)
    for name in [*(entry.table.name for entry in tables), RELEASE]:
        for month in extra_months:
            yield dg.AssetMaterialization(name, description="covered by a run of other months", partition=month)


def _metadata(published: Manifest, warehouse: Warehouse) -> dict[str, dg.MetadataValue[Any] | int | str]:
    changed = [f"| {name} | {count} |" for name, count in sorted(published.changed.items())]
    return {
        "release": published.number,
        "watermark": published.watermark,
        "content digest": published.content_digest,
        "folder": dg.MetadataValue.path(warehouse.workspace.releases.folder(published.number)),
        "changed partitions": dg.MetadataValue.md("\n".join(["| table | changed |", "|---|---|", *changed])),
    }
