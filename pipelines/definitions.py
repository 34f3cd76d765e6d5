"""What Dagster loads: the graph of one configuration.

Which one: HOLDFAST_CONFIG, else ./holdfast.toml, else none, which shows the graph of every source there can be.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines import news
from pipelines.graph import build
from pipelines.months import earliest_month
from warehouse import config
from warehouse.releases import Releases

CONFIG_VARIABLE = "HOLDFAST_CONFIG"
DEFAULT_START = "2024-01"


def find_config() -> config.Config | None:
    """The configuration of HOLDFAST_CONFIG or of this folder; None where there is neither. Raises UsageError."""
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or config.FILE_NAME)
    return config.load(path) if named or path.exists() else None


def first_month(settings: config.Config | None) -> str:
    if settings is None:
        return DEFAULT_START
    return earliest_month(Releases(settings.home).head(), news.pending_from(settings)) or DEFAULT_START


_settings = find_config()
defs = build(_settings, first_month=first_month(_settings))
