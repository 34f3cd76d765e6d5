"""Dagster's own records, kept beside the warehouse they are about."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from warehouse import durable
from warehouse.config import Config

SETTINGS = """\
# Written by Holdfast where it is missing; change it as you like.
telemetry:
  enabled: false
nux:
  enabled: false
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
    folder = folder_for(config)
    os.environ["DAGSTER_HOME"] = str(folder)
    return dg.DagsterInstance.from_config(str(folder))
