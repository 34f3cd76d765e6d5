"""Which days a run computes: from the earliest day that anything new touches to the last complete day.

There is no other rule for daily runs, late data and backfills: docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pipelines.months import earliest_month, first_day_of, month_of
from pipelines.workspace import Workspace
from warehouse.code import code_version
from warehouse.errors import SourceError, UsageError
from warehouse.names import month_in

DIMENSION_COLUMNS = {"acquisition_channel": "channel", "country": "country"}
CLOCKS = (("orders", "events"), ("subscriptions",))
ARE_ASKED_FOR = "are_days_asked_for"  # in a run's plan: more days are computed than those that something new touches


@dataclass(frozen=True, slots=True)
class DayRange:
    """An inclusive range of days; `last_day` is the watermark."""

    first_day: date
    last_day: date


def find_range(workspace: Workspace, requested: date | None, today: date) -> DayRange:
    """The days to compute, after every source was taken in.

    Raises UsageError where `requested` lies before the current release's watermark, SourceError where there is no day
    to compute.
    """
    base = workspace.draft.base
    watermark = date.fromisoformat(base.watermark) if base else None
    last_day = requested or last_complete_day(workspace, today)
    if watermark is not None and requested is not None and requested < watermark:
        raise UsageError(
            f"--date {requested} lies before {watermark}, the last day of release {base.number if base else 0}. "
            "A release never goes back; to see that day as it was, read the release of then (`holdfast releases`)."
        )
    last_day = max(last_day, watermark or last_day)
    earliest = first_day_of_data(workspace)
    if earliest is None or earliest > last_day:
        raise SourceError(
            f"There is no day to compute up to {last_day}: the sources hold "
            + ("no rows." if earliest is None else f"nothing before {earliest}.")
        )
    if watermark is None:
        return DayRange(earliest, last_day)
    touched = [day for source in workspace.catalog.sources if (day := touched_from(workspace, source)) is not None]
    if is_redefined(workspace):
        touched.append(earliest)
    next_day = watermark + timedelta(days=1)
    # The base begins earlier where the first months have lost their rows: they must go from the tables too.
    begins = first_day_of(earliest_month(base, earliest) or month_of(earliest))
    return DayRange(max(begins, min([*touched, next_day, last_day])), last_day)


def last_complete_day(workspace: Workspace, today: date) -> date:
    """The newest day seen in orders or events (in subscriptions where they are alone), less the days a source may take
    to settle, and never later than yesterday."""
    yesterday = today - timedelta(days=1)
    for clock in CLOCKS:
        seen = [newest for source in clock if (newest := _newest_day(workspace, source)) is not None]
        if seen:
            return min(max(seen) - timedelta(days=workspace.config.settle_days), yesterday)
    raise SourceError("No source holds a row yet: put files where [sources] says, or see `holdfast doctor`.")


def first_day_of_data(workspace: Workspace) -> date | None:
    """The first day of the first month that a source has rows in; fx_rates and customers do not count."""
    months = [
        month
        for source in workspace.catalog.sources
        for partition in workspace.draft.files("sources", source)
        if (month := month_in(partition))
    ]
    return first_day_of(min(months)) if months else None


def is_redefined(workspace: Workspace) -> bool:
    """Whether tables or configuration are others than those the base release was made with."""
    base = workspace.draft.base
    return base is not None and (
        base.code_version != code_version()
        or base.config_version != workspace.config.version
        or dimensions_of(base.notes) != dimensions_of(workspace.draft.all_notes())
    )


def dimensions_of(notes: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The fixed dimensions that some source has a column for, whatever its values: from what the sources noted."""
    delivered = {column for noted in notes.values() for column in noted.get("columns", ())}
    return tuple(dimension for dimension, column in DIMENSION_COLUMNS.items() if column in delivered)


def touched_from(workspace: Workspace, source: str) -> date | None:
    """The first day on which rows of a source that count are others than in the base release; None where none are."""
    noted = workspace.draft.notes(source).get("touched_from")
    return date.fromisoformat(noted) if noted else None


def _newest_day(workspace: Workspace, source: str) -> date | None:
    noted = workspace.draft.notes(source).get("newest_day") if source in workspace.catalog.sources else None
    return date.fromisoformat(noted) if noted else None
