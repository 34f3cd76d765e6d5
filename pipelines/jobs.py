"""The one job: every table and the release, whoever starts it."""

from __future__ import annotations

import dagster as dg

DAILY = "daily"
STARTED_BY, COMMAND_LINE = "holdfast/started_by", "command line"
UP_TO = "holdfast/up_to"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

daily = dg.define_asset_job(
    DAILY,
    selection=dg.AssetSelection.all(),
    description="Takes in what is new, computes what it touches up to the last complete day, audits, publishes.",
)


def range_tags(first_month: str, last_month: str) -> dict[str, str]:
    """The tags of a run of those months; the run reaches beyond them where what is new does."""
    return {RANGE_START: first_month, RANGE_END: last_month}
