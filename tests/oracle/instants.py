"""Reads a timestamp text as the specification does: the instant in UTC and the business day.

With an offset it is converted; naive it is read in the source's zone (in a gap shifted forward, in an
overlap the earlier one); a date alone is the business day itself. No table logic belongs here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UTC = UTC


def start_of_day(day: date, reporting_zone: str) -> datetime:
    """The first instant of a business day, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(reporting_zone)).astimezone(UTC)


def read(text: str, source_zone: str, reporting_zone: str) -> tuple[datetime, date]:
    """(instant in UTC, business day in the reporting zone) of a date, a naive or an offset timestamp."""
    if len(text) == 10:
        day = date.fromisoformat(text)
        return start_of_day(day, reporting_zone), day
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        # fold=0 is the earlier instant of an overlap, and in a gap the offset before it: shifted forward.
        moment = moment.replace(tzinfo=ZoneInfo(source_zone), fold=0)
    instant = moment.astimezone(UTC)
    return instant, instant.astimezone(ZoneInfo(reporting_zone)).date()


def naive_utc(instant: datetime) -> datetime:
    """The instant as a naive UTC datetime, as DuckDB's TIMESTAMP takes it."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def shifted(day: date, days: int) -> date:
    return day + timedelta(days=days)
