"""Dagster's own records, kept beside the warehouse they are about."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from pipelines.event_log import PooledSqliteEventLog
from warehouse import durable
from warehouse.config import Config

EVENTS_AT_ONCE = "1000"  # the months of one table, by far
SETTINGS = """\
# Written by Holdfast where it is missing; change it as you like.
telemetry:
  enabled: false
nux:
  enabled: false
freshness:
  enabled: true
concurrency:
  pools:
    default_limit: 1
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def folder_for(config: Config) -> Path:
    """The folder of Dagster's records, made and set up where it is missing. Raises StorageError."""
    folder = config.root / ".dagster"
    durable.make_folder(folder)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        durable.write(settings, SETTINGS.encode())
    return folder


def open_instance(config: Config) -> dg.DagsterInstance:
    """The instance a run of the command line is recorded in: the one of Dagster's page, with a quicker event log."""
    folder = folder_for(config)
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", EVENTS_AT_ONCE)
    event_log = {
        "module": PooledSqliteEventLog.__module__,
        "class": PooledSqliteEventLog.__name__,
        "config": {"base_dir": str(folder / "history" / "runs")},
    }
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides={"event_log_storage": event_log}))
