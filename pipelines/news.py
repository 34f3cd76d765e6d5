"""Whether there is anything to do, and in which months: the cheap look before a run.

Imports stay light: a run that finds nothing ends here, without Dagster or the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from pipelines import ingest
from pipelines.asked import Asked
from pipelines.clock import today
from pipelines.days import CLOCKS
from pipelines.made_with import check_made_with
from pipelines.months import earliest_month, month_of
from warehouse.code import code_version
from warehouse.config import Config
from warehouse.errors import SourceError, UsageError
from warehouse.manifest import Manifest
from warehouse.releases import Releases


@dataclass(frozen=True, slots=True)
class News:
    """The new or changed files of the inbox, and the months a run of them touches; `earliest_month` is of all data.

    `key` is another one where other files are new, or the same ones with other bytes.
    `last_day` is how far the run will reach, as far as can be told before anything is taken in.
    """

    files: tuple[str, ...]
    key: str
    earliest_month: str
    first_month: str
    last_day: date

    @property
    def last_month(self) -> str:
        return month_of(self.last_day)


def look(config: Config, asked: Asked | None = None, on: date | None = None) -> News | None:
    """What a run on that day (default: today) has to do of what is asked (default: whatever is new); None: nothing.

    Raises UsageError where the day asked for lies before the head's last day, SourceError where there never was a file.
    """
    asked, on = asked or Asked(), on or today(config)
    head = Releases(config.home).head()
    check_made_with(config, head)
    pending = ingest.pending(config, head, retake=asked.retake, again=asked.again)
    touched, newest = pending.first_day(), pending.last_day()
    if head is None:
        _check_first_delivery(config, bool(pending))
        first = last = touched or on
    else:
        watermark = date.fromisoformat(head.watermark)
        _refuse_earlier(asked.last_day, watermark, head)
        first, last = watermark + timedelta(days=1), watermark
    last = max(last, asked.last_day or _last_complete_day(config, head, newest, on) or last)
    is_redefined = head is not None and _is_redefined(config, head)
    if head is not None and not (pending or asked.again or is_redefined or last >= first):
        return None
    earliest = earliest_month(head, touched) or month_of(first)
    from_start = head is None or is_redefined
    return News(
        files=tuple(str(file) for file in pending.files),
        key=sha256("\n".join(map(repr, pending.files)).encode()).hexdigest(),
        earliest_month=earliest,
        first_month=earliest
        if from_start
        else max(earliest, month_of(min(first, last, touched or last, *(asked.again or ())))),
        last_day=last,
    )


def pending_from(config: Config) -> date | None:
    """The earliest day of what is new in the inbox."""
    return ingest.pending(config, Releases(config.home).head()).first_day()


def held_back(config: Config) -> tuple[str, ...]:
    """The files of the inbox that a rollback left behind: a run takes them only when it is asked to."""
    return tuple(one.path for one in ingest.pending(config, Releases(config.home).head()).held)


def _check_first_delivery(config: Config, has_files: bool) -> None:
    if not has_files:
        paths = ", ".join(source.path for source in config.sources.values())
        raise SourceError(f"No file is in the inbox yet: nothing under {config.folder} matches {paths}.")


def _refuse_earlier(asked: date | None, watermark: date, head: Manifest) -> None:
    if asked and asked < watermark:
        raise UsageError(
            f"--date {asked} lies before {watermark}, the last day of release {head.number}, and a release never goes "
            f"back. `holdfast path --as-of {asked}` names what was published then."
        )


def _last_complete_day(config: Config, head: Manifest | None, pending_until: date | None, on: date) -> date | None:
    """As far as can be told before anything is taken in; the run itself finds the exact day."""
    notes: Mapping[str, Any] = head.notes if head else {}
    for clock in CLOCKS:
        noted = [notes.get(source, {}).get("newest_day") for source in clock if source in config.sources]
        seen = [date.fromisoformat(day) for day in noted if day]
        if pending_until and any(source in config.sources for source in clock):
            seen.append(pending_until)
        if seen:
            settled = max(seen) - timedelta(days=config.settle_days)
            return min(settled, on - timedelta(days=1))
    return None


def _is_redefined(config: Config, head: Manifest) -> bool:
    return head.code_version != code_version() or head.config_version != config.version
