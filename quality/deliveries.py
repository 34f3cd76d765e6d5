"""Bounds for what was delivered: empty files, rows in quarantine, rows that repeat, and the ledger's own law.

Here belongs what is judged file by file. What is judged day by day against history is in volumes.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import polars as pl

from quality.profile import Profile
from quality.rejected import Rejected
from quality.verdict import Observation, Severity
from warehouse.bounds import Bounds

# A file, or all new files together, with fewer rows than this is too small for a share to mean something.
LEAST_ROWS = 20
LEAST_ROWS_OF_A_DAY = 50
# One bad row is a large share of a few, and says nothing of the others.
LEAST_BAD = 2
FILES_TO_COMPARE = 3
RECENT_FILES = 28
EMPTY_IS_USUAL = 0.10

COUNTED = ("taken", "quarantined", "excluded_where", "excluded_distinct", "merged", "waiting")
_MEND = "Have it mended and delivered again, or exclude such rows by name (`where`) if they are no facts."


def observe(profile: Profile, rejected: Rejected, rows_in_lake: int, bounds: Bounds) -> list[Observation]:
    """Every file of a source, above all the new ones."""
    new = list(profile.new_files.iter_rows(named=True))
    found = _accounts(profile, rows_in_lake)
    usual_repeated = _usual_repeated(profile)
    for line in new:
        found += _empty(profile, line)
        found += _shrunken(profile.source, line, bounds)
        found += _quarantined(profile.source, line, rejected, bounds)
        found += _repeated(profile.source, line, usual_repeated + bounds.repeated_ids)
    found += _repeated_elsewhere(profile, usual_repeated + bounds.repeated_ids)
    together = _quarantined_in_all(profile.source, new, bounds.quarantine_blocks)
    return [*found, *together, *_quarantined_days(profile, rejected, bounds.quarantine_blocks)]


def usual_rows(profile: Profile, path: str) -> tuple[float, int, float]:
    """Of the latest other files: the median of their rows, how many have rows, the share that has none."""
    rows = [count for name, count in profile.sizes if name != path][-RECENT_FILES:]
    filled = [count for count in rows if count]
    empty_share = 1 - len(filled) / len(rows) if rows else 0.0
    return (median(filled) if filled else 0.0), len(filled), empty_share


def _accounts(profile: Profile, rows_in_lake: int) -> list[Observation]:
    """Rows in = rows taken, quarantined, excluded or merged, file by file; rows taken are the rows of the lake."""
    message = "Rows got lost or were made up on the way in: a defect of the ingest, or a damaged lake."
    found = [
        Observation(
            check="every row is accounted for",
            table=profile.source,
            observed=line["rows_in"] - sum(line[name] for name in COUNTED),
            low=0,
            high=0,
            severity="critical",
            message=message,
            where=line["path"],
        )
        for line in profile.files.iter_rows(named=True)
    ]
    taken = int(profile.files.get_column("taken").sum())
    return [
        *found,
        Observation("the lake holds the rows taken", profile.source, rows_in_lake, taken, taken, "critical", message),
    ]


def _empty(profile: Profile, line: dict[str, Any]) -> list[Observation]:
    usual, files, empty_share = usual_rows(profile, line["path"])
    if usual < LEAST_ROWS or files < FILES_TO_COMPARE:
        return []
    return [
        Observation(
            check="the file is not empty",
            table=profile.source,
            observed=line["rows_in"],
            low=1,
            high=None,
            severity="critical" if empty_share <= EMPTY_IS_USUAL else "warning",
            message=f"The file has no rows; files of {profile.source} usually have about {usual:,.0f}. "
            "Deliver it again, or take it out of the inbox if nothing happened, and run again.",
            where=line["path"],
        )
    ]


def _shrunken(source: str, line: dict[str, Any], bounds: Bounds) -> list[Observation]:
    """A file that comes again takes the place of its former self: with few of its rows it takes the others away."""
    before = line["former_rows"]
    if before is None or before < LEAST_ROWS:
        return []
    message = (
        f"The file came before with {before:,} rows and has {line['rows_in']:,} now; those it lacks are gone from the "
        "tables. Was it cut off? Have it delivered again."
    )
    levels: list[tuple[Severity, float]] = [("critical", bounds.nearly_nothing), ("warning", bounds.shrunken_file)]
    share, check = line["rows_in"] / before, "the file keeps its rows"
    return [
        Observation(check, source, share, least, None, severity, message, where=line["path"])
        for severity, least in levels
    ]


def _quarantined(source: str, line: dict[str, Any], rejected: Rejected, bounds: Bounds) -> list[Observation]:
    rows, bad = line["rows_in"], line["quarantined"]
    if not rows or (rows < LEAST_ROWS and bad < LEAST_BAD):
        return []
    share = bad / rows
    why = f" Reasons: {rejected.reasons(line['path'])}." if share > bounds.quarantine_warns else ""
    message = f"{bad:,} of {rows:,} rows of the file break the contract of {source}.{why} {_MEND}"
    return [
        Observation("share in quarantine", source, share, None, bound, severity, message, where=line["path"])
        for severity, bound in _levels(rows, bounds)
    ]


def _levels(rows: int, bounds: Bounds) -> list[tuple[Severity, float]]:
    if rows < LEAST_ROWS:
        return [("warning", bounds.quarantine_blocks)]
    return [("critical", bounds.quarantine_blocks), ("warning", bounds.quarantine_warns)]


def _quarantined_in_all(source: str, new: Sequence[dict[str, Any]], most: float) -> list[Observation]:
    """Many small files, each too small to be judged alone."""
    small = [line for line in new if line["rows_in"] < LEAST_ROWS]
    rows, bad = sum(line["rows_in"] for line in small), sum(line["quarantined"] for line in small)
    if rows < LEAST_ROWS:
        return []
    message = f"{bad:,} of {rows:,} rows in {len(small)} small files break the contract of {source}. {_MEND}"
    worst = max(small, key=lambda line: (line["quarantined"], line["path"]))["path"]
    check = "share in quarantine of small files together"
    return [Observation(check, source, bad / rows, None, most, "critical", message, where=worst)]


def _quarantined_days(profile: Profile, rejected: Rejected, most: float) -> list[Observation]:
    """One bad day in a long file: it blocks where this candidate is answerable for it, history warns."""
    found = []
    judged = set(profile.judged)
    for file, day, bad, good in rejected.by_day(profile.new_files).iter_rows():
        if bad + good < LEAST_ROWS_OF_A_DAY:
            continue
        severity: Severity = "critical" if day in judged else "warning"
        message = f"{bad:,} of {bad + good:,.0f} rows of {day} break the contract of {profile.source}. {_MEND}"
        share, where = bad / (bad + good), f"day {day} in {file}"
        check = "share of a day in quarantine"
        found.append(Observation(check, profile.source, share, None, most, severity, message, where=where))
    return found


def _repeated(source: str, line: dict[str, Any], most: float) -> list[Observation]:
    """Rows that another version stands for, against what this source's files usually have."""
    if line["taken"] < LEAST_ROWS:
        return []
    message = (
        f"{line['superseded']:,} of {line['taken']:,} rows of the file have ids of other rows, which count instead: "
        "an old file came again, or ids are not unique."
    )
    share, bound = line["superseded"] / line["taken"], min(1.0, most)
    return [Observation("share of repeated ids", source, share, None, bound, "warning", message, where=line["path"])]


def _repeated_elsewhere(profile: Profile, most: float) -> list[Observation]:
    """Rows of earlier files that new ones stand for now: a delivery that came before under another name."""
    older = profile.files.filter(~pl.col("is_new"))
    superseded = int(older.select(pl.col("superseded") - pl.col("superseded_before")).to_series().sum())
    taken = int(profile.new_files.get_column("taken").sum())
    if taken < LEAST_ROWS or not superseded:
        return []
    message = (
        f"The new files hold {taken:,} rows; {superseded:,} rows that came before have the same ids and do not count "
        "any more: a delivery came again under another name, or ids are not unique."
    )
    where = ", ".join(profile.new_files.get_column("path").head(3))
    bound = min(1.0, most)
    return [
        Observation(
            "share of repeated ids", profile.source, superseded / taken, None, bound, "warning", message, where=where
        )
    ]


def _usual_repeated(profile: Profile) -> float:
    counts = profile.files.filter(profile.files["taken"] > 0).tail(RECENT_FILES).select("superseded", "taken")
    return median(superseded / taken for superseded, taken in counts.iter_rows()) if counts.height else 0.0
