"""The whole of one warehouse as Dagster sees it: assets from the catalog, audit, release, job, schedule and sensor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from pipelines.auditing import build_audit
from pipelines.failure_sensor import build_failure_sensor
from pipelines.jobs import daily
from pipelines.publishing import build_release
from pipelines.resources import Warehouse
from pipelines.schedules import build_schedule, build_sensor
from pipelines.table_assets import build_assets, describe_histories
from warehouse import catalog, config


def build(
    settings: config.Config | None,
    *,
    first_month: str,
    assets_folder: Path | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """The definitions for one warehouse; without settings, for every source there can be."""
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    known = catalog.load(assets_folder)
    tables = known.for_sources(settings.sources) if settings else known
    months = dg.MonthlyPartitionsDefinition(
        start_date=first_month, end_offset=1, fmt="%Y-%m", timezone=settings.time_zone if settings else "UTC"
    )
    warehouse = Warehouse(
        config_file=str(settings.file) if settings else "", assets_folder=str(assets_folder) if assets_folder else ""
    )
    return dg.Definitions(
        assets=[*build_assets(tables, months), *describe_histories(tables, months), build_release(tables, months)],
        asset_checks=[build_audit(tables)],
        jobs=[daily],
        schedules=[build_schedule(settings)] if settings else None,
        sensors=_sensors(settings) if settings else None,
        resources={"warehouse": warehouse},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


def _sensors(settings: config.Config) -> list[dg.SensorDefinition]:
    notices = [build_failure_sensor(settings)] if settings.webhook_env else []
    return [build_sensor(settings), *notices]
