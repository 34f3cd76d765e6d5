"""The one place the pipelines read a clock: which day it is where the reports are read."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from warehouse.config import Config


def today(config: Config) -> date:
    """The current day by the reporting zone's clock."""
    return datetime.now(ZoneInfo(config.time_zone)).date()
