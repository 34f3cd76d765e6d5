"""Reads the times of a column: the instant in UTC and the business day.

With an offset a time is converted; without, it is read in the source's zone: in a daylight-saving gap with the offset
before it (shifted forward), in an overlap the earlier one, both counted. A date without a time is the business day
itself. Slashes mean month/day/year. Counts of seconds (epochs) are refused: they look like any other number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

MOMENT = pl.Datetime("us", "UTC")
# Days a business can mean. What lies outside is how systems write "none": 1970-01-01, 1900-01-01, 9999-12-31.
FIRST_DAY, LAST_DAY = date(1980, 1, 1), date(2099, 12, 31)
_SECONDS = (":%S", ":%S%.f", "")
_US_CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_KINDS = {"naive": pl.Datetime("us"), "utc": pl.Datetime("us"), "offset": MOMENT, "date": pl.Date()}
_FORMATS = (
    *((f"%Y-%m-%d{between}%H:%M{seconds}", "naive") for between in "T " for seconds in _SECONDS),
    *((f"%Y-%m-%d{between}%H:%M{seconds}Z", "utc") for between in "T " for seconds in _SECONDS),
    ("%Y-%m-%d", "date"),
    *((f"%m/%d/%Y {clock}", "naive") for clock in _US_CLOCKS),
    ("%m/%d/%Y", "date"),
    *((f"%Y/%m/%d {clock}", "naive") for clock in ("%H:%M:%S", "%H:%M")),
    ("%Y/%m/%d", "date"),
    *((f"%Y-%m-%d{between}%H:%M{seconds}%#z", "offset") for between in "T " for seconds in (":%S%.f", "")),
)
_DAY_FIRST = r"^(1[3-9]|2\d|3[01])/(0?[1-9]|1[0-2])/\d{4}"
_UTC_SUFFIX = r"\s*(?i:utc|gmt|z)$"


@dataclass(frozen=True, slots=True)
class Moments:
    """One column, read: `at` in UTC, its business `day`, and which values are no time (`bad`).

    `gaps` and `overlaps` count the local times that daylight saving made impossible or ambiguous.
    """

    at: pl.Series
    day: pl.Series
    bad: pl.Series
    gaps: int = 0
    overlaps: int = 0


def read(values: pl.Series, zone: str, reporting_zone: str) -> Moments:
    """The times in a column of text, dates or datetimes. `zone` is that of times without an offset."""
    naive, instants, dates = _apart(values)
    local, gaps, overlaps = _located(naive, zone)
    starts, _, _ = _located(dates.cast(pl.Datetime("us")), reporting_zone)
    frame = pl.DataFrame({"local": local, "instant": instants, "date": dates, "start": starts})
    read = frame.select(
        at=pl.coalesce("local", "instant", "start"),
        day=pl.coalesce("date", pl.coalesce("local", "instant").dt.convert_time_zone(reporting_zone).dt.date()),
    )
    bad = values.is_not_null() & read["at"].is_null()
    return Moments(read["at"], read["day"], bad, gaps, overlaps)


def is_day_first(values: pl.Series) -> bool:
    """Whether any of the values is a text with slashes that has its day before its month."""
    if values.dtype != pl.String:
        return False
    stripped = values.filter(values.str.contains("/", literal=True)).str.strip_chars()
    return bool(stripped.str.contains(_DAY_FIRST).any())


def _apart(values: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """The same column three times, each value in one of them: naive times, instants in UTC, dates."""
    kind, height = values.dtype, len(values)
    naive, instants = _nothing(height, pl.Datetime("us")), _nothing(height, MOMENT)
    dates = _nothing(height, pl.Date())
    if kind == pl.Date:
        dates = values
    elif isinstance(kind, pl.Datetime):
        values = values.cast(pl.Datetime("us", kind.time_zone))
        if kind.time_zone is None:
            naive = values
        else:
            instants = values.dt.convert_time_zone("UTC")
    elif kind == pl.String:
        return _parsed(values)
    return naive, instants, dates


def _parsed(texts: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    texts = _without_doubtful_dates(texts)
    rest = texts
    found: dict[str, pl.Series] = {kind: _nothing(len(texts), dtype) for kind, dtype in _KINDS.items()}
    for form, kind in _likely_first(texts):
        if rest.null_count() == len(rest):
            break
        fits = _fitting(rest, form, kind)
        if fits.null_count() < len(fits):
            found[kind] = pl.select(pl.coalesce(found[kind], fits)).to_series()
            rest = _where(rest, fits.is_null())
    instants = pl.select(pl.coalesce(found["utc"].dt.replace_time_zone("UTC"), found["offset"])).to_series()
    return found["naive"], instants, found["date"]


def _likely_first(texts: pl.Series) -> Iterator[tuple[str, str]]:
    """All formats, the first that fits the first values before the others. No text fits two of different meaning, so
    the order is only speed."""
    sample = texts.drop_nulls().head(20)
    likely = next((one for one in _FORMATS if _fitting(sample, *one).null_count() == 0), _FORMATS[0])
    yield likely
    yield from (one for one in _FORMATS if one != likely)


def _fitting(texts: pl.Series, form: str, kind: str) -> pl.Series:
    if kind == "offset":
        texts = texts.str.replace(_UTC_SUFFIX, "Z")
    if kind == "date":
        return texts.str.to_date(form, strict=False)
    return texts.str.to_datetime(form, time_unit="us", time_zone="UTC" if kind == "offset" else None, strict=False)


def _without_doubtful_dates(texts: pl.Series) -> pl.Series:
    """Where a column has a day first anywhere, none of its slash dates can be trusted to have the month first."""
    return _where(texts, ~texts.str.contains(r"^\d{1,2}/\d{1,2}/")) if is_day_first(texts) else texts


def _nothing(height: int, dtype: pl.DataType) -> pl.Series:
    return pl.repeat(None, height, dtype=dtype, eager=True)


def _where(values: pl.Series, keep: pl.Series) -> pl.Series:
    return pl.select(pl.when(keep).then(values)).to_series()


def _located(naive: pl.Series, zone: str) -> tuple[pl.Series, int, int]:
    """Local times as instants in UTC; how many fell into a gap; how many into an overlap."""
    if zone == "UTC" or naive.null_count() == len(naive):
        return naive.dt.replace_time_zone("UTC"), 0, 0
    earlier = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    later = naive.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    gaps = int((naive.is_not_null() & earlier.is_null()).sum())
    overlaps = int((earlier != later).sum())
    if gaps:
        a_day = pl.duration(days=1)
        before = pl.lit(naive).sub(a_day).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        shifted = before.dt.convert_time_zone("UTC").add(a_day)
        earlier = pl.select(pl.coalesce(earlier, shifted)).to_series()
    return earlier, gaps, overlaps
