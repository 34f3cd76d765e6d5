"""Bounds for the days of a source: volume, persons, amounts, missing attributes, freshness, unknown customers.

Here belongs what is judged day by day against the source's own history (bands.py). A new source has none: until four
earlier weeks have that weekday, and where a usual day has few rows, nothing is judged.
"""

from __future__ import annotations

from datetime import date
from statistics import median

import polars as pl

from quality.bands import Band, at_most, learn, least_rows, same_weekdays, usual_share
from quality.deliveries import FILES_TO_COMPARE, usual_rows
from quality.profile import Profile
from quality.recent import OPTIONAL
from quality.verdict import Observation, Severity
from warehouse.bounds import Bounds

USUAL_TO_WARN = 50
USUAL_TO_BLOCK = 200
SMALL_FILE = 0.37


def observe(profile: Profile, bounds: Bounds) -> list[Observation]:
    """Every judged day of a source against its band."""
    found: list[Observation] = []
    rows = profile.values("rows")
    for day in profile.judged:
        band = usual_day(profile, day, bounds)
        if band is None:
            continue
        found += _volume(profile, day, rows.get(day, 0.0), band, bounds)
        if has_enough_rows(profile, day):
            found += _persons(profile, day, band, bounds)
            found += _amounts(profile, day, band, bounds)
            found += _missing(profile, day, bounds.missing_attributes)
    return found


def usual_day(profile: Profile, day: date, bounds: Bounds) -> Band | None:
    """The rows of a usual day; None where too little is known, or so few are usual that any count may be chance."""
    band = learn(same_weekdays(profile.values("rows"), day, absent=0.0), bounds.band_width)
    return None if band is None or band.usual < USUAL_TO_WARN else band


def has_enough_rows(profile: Profile, day: date) -> bool:
    """Whether the day has rows enough to judge what they are like, not only how many."""
    return profile.values("rows").get(day, 0.0) >= USUAL_TO_WARN


def freshness(profile: Profile, watermark: date, bounds: Bounds) -> list[Observation]:
    """How long ago the newest day of a source is, against the longest gap it had before."""
    if profile.newest_day is None or profile.days.height < 2:
        return []
    lag = (watermark - profile.newest_day).days
    message = (
        f"The newest row of {profile.source} is of {profile.newest_day}; the tables go up to {watermark} as if nothing "
        "had happened since. Deliver what is missing: the days are restated then."
    )
    bound = max(bounds.days_without_news, 2 * profile.gap_days)
    return [_one(profile, "days without news", lag, None, bound, "warning", message, profile.newest_day)]


def unknown(source: str, missing: int, customers: int, bounds: Bounds) -> list[Observation]:
    """The share of customers with rows on the judged days that the source `customers` does not know."""
    if customers < USUAL_TO_WARN:
        return []
    message = (
        f"{missing:,} of {customers:,} customers of {source} are not in `customers`: their channel and country are "
        "those of their first fact, or unknown. Deliver the missing customers."
    )
    share, bound = missing / customers, bounds.unknown_customers
    return [Observation("unknown customers", source, share, None, bound, "warning", message, "customer_id")]


def _volume(profile: Profile, day: date, rows: float, band: Band, bounds: Bounds) -> list[Observation]:
    small = _delivered_in_small_files(profile, day)
    found = []
    usual = f"{rows:,.0f} rows for {day:%A} {day}; usual are about {band.usual:,.0f}."
    # The newest day may not be over yet: it is judged low only where what brought it is itself unusually small.
    if small or day != profile.newest_day or _is_delivered_low(profile, day, bounds):
        low = least_rows(profile.values("rows"), day, band, bounds.band_width, bounds.steady_day)
        found.append(_one(profile, "rows of the day", rows, low, band.high, "warning", f"{usual} {_LOOK}", day))
    else:
        found.append(_one(profile, "rows of the day", rows, None, band.high, "warning", f"{usual} {_LOOK}", day))
    if small and band.usual >= USUAL_TO_BLOCK and band.least > bounds.nearly_nothing * band.usual:
        low = bounds.nearly_nothing * band.usual
        found.append(_one(profile, "the day is delivered", rows, low, None, "critical", f"{usual} {_AGAIN}", day))
    return found


def _persons(profile: Profile, day: date, rows: Band, bounds: Bounds) -> list[Observation]:
    """Persons for each row: a day that is only begun has as many as any other."""
    of_day, persons = profile.values("rows"), profile.values("persons")
    shares = profile.per_row("persons")
    band = learn(same_weekdays(shares, day, absent=None), bounds.band_width)
    if band is None:
        return []
    observed = shares.get(day)
    message = (
        f"{persons.get(day, 0):,.0f} different persons in {of_day.get(day, 0):,.0f} rows of {day}; usual are "
        f"{band.usual:.2g} for each row."
    )
    found = [_one(profile, "persons per row", observed, band.low, band.high, "warning", f"{message} {_LOOK}", day)]
    if rows.usual >= USUAL_TO_BLOCK:
        low = bounds.nearly_nothing * band.usual
        text = f"{message} Ids were probably lost, or replaced by one. {_AGAIN}"
        found.append(_one(profile, "persons are told apart", observed, low, None, "critical", text, day))
    return found


def _amounts(profile: Profile, day: date, rows: Band, bounds: Bounds) -> list[Observation]:
    amounts = profile.values("amount")
    band = learn(same_weekdays(amounts, day, absent=None), bounds.band_width)
    if band is None:
        return []
    observed = amounts.get(day)
    message = f"The median amount of {day} is {observed or 0:,.2f}; usual is about {band.usual:,.2f}."
    found = [_one(profile, "median amount", observed, band.low, band.high, "warning", f"{message} {_LOOK}", day)]
    if rows.usual >= USUAL_TO_BLOCK:
        low, high = band.usual / bounds.times_the_amount, band.usual * bounds.times_the_amount
        text = f"{message} The unit has probably changed (cents?). {_AGAIN}"
        found.append(_one(profile, "amounts keep their unit", observed, low, high, "critical", text, day))
    return found


def _missing(profile: Profile, day: date, more: float) -> list[Observation]:
    found = []
    for name in OPTIONAL:
        shares = profile.per_row(f"no_{name}")
        usual = usual_share(shares, day)
        if usual is None or day not in shares:
            continue
        message = f"{shares[day]:.0%} of the rows of {day} have no {name}; usual are {usual:.0%}. {_LOOK}"
        found.append(
            Observation(
                f"missing {name}",
                profile.source,
                shares[day],
                None,
                at_most(usual, more),
                "warning",
                message,
                name,
                f"day {day}",
            )
        )
    return found


def _delivered_in_small_files(profile: Profile, day: date) -> bool:
    """Whether new files brought this day, all of them much smaller than the source's files usually are."""
    covering = [
        line
        for line in profile.new_files.iter_rows(named=True)
        if line["first_day"] is not None and line["first_day"] <= day <= line["last_day"]
    ]
    sizes = [usual_rows(profile, line["path"]) for line in covering]
    return bool(covering) and all(
        files >= FILES_TO_COMPARE and line["rows_in"] < SMALL_FILE * usual
        for line, (usual, files, _) in zip(covering, sizes, strict=True)
    )


def _is_delivered_low(profile: Profile, day: date, bounds: Bounds) -> bool:
    """Whether the files that end with that day are as many as usual, and together hold unusually few rows."""
    ending = profile.files.drop_nulls("last_day").group_by("last_day").agg(pl.col("rows_in").sum(), pl.len())
    rows = {last: float(count) for last, count in ending.select("last_day", "rows_in").iter_rows()}
    files = {last: float(count) for last, count in ending.select("last_day", "len").iter_rows()}
    band = learn(same_weekdays(rows, day, absent=None), bounds.band_width)
    if band is None or files.get(day, 0.0) < median(same_weekdays(files, day, absent=None)):
        return False
    return rows[day] < least_rows(rows, day, band, bounds.band_width, bounds.steady_day)


def _one(
    profile: Profile,
    check: str,
    observed: float | None,
    low: float | None,
    high: float | None,
    severity: Severity,
    message: str,
    day: date,
) -> Observation:
    named = ", ".join([path for path, first, last in profile.new_spans if first <= day <= last][:3])
    where = f"day {day}" + (f" in {named}" if named else "")
    return Observation(check, profile.source, observed, low, high, severity, message, where=where)


_LOOK = "Look whether the delivery is complete; a late one restates the day."
_AGAIN = "Have it delivered again, or take the file out of the inbox, and run again."
