"""Bounds for what was delivered: files that are empty, rows that went to quarantine, and the ledger's own law.

Here belongs what is judged file by file. What is judged day by day is in volumes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from quality.profile import Profile
from quality.verdict import Observation

# A file, or all new files together, with fewer rows than this is too small for a share to mean something.
LEAST_ROWS = 20
QUARANTINE_BLOCKS = 0.25
QUARANTINE_WARNS = 0.05
FILES_TO_COMPARE = 3
RECENT_FILES = 28
EMPTY_IS_USUAL = 0.10

COUNTED = ("taken", "quarantined", "excluded_where", "excluded_distinct", "merged")


def observe(profile: Profile, reasons: Callable[[str], str]) -> list[Observation]:
    """Every new file of a source: `reasons` says why rows of a file are in quarantine."""
    found: list[Observation] = []
    for line in profile.files.iter_rows(named=True):
        found.append(_law(profile.source, line))
    for line in profile.new_files.iter_rows(named=True):
        found += _empty(profile, line)
        found += _quarantined(profile.source, line, reasons)
    return found + _quarantined_in_all(profile)


def usual_rows(profile: Profile, path: str) -> tuple[float, int, float]:
    """Of the other files around this one: the median of their rows, how many have rows, the share that has none."""
    rows = [count for name, count in profile.sizes if name != path][-RECENT_FILES:]
    filled = [count for count in rows if count]
    empty_share = 1 - len(filled) / len(rows) if rows else 0.0
    return (median(filled) if filled else 0.0), len(filled), empty_share


def _law(source: str, line: dict[str, Any]) -> Observation:
    lost = line["rows_in"] - sum(line[name] for name in COUNTED)
    return Observation(
        check="every row is accounted for",
        table=source,
        observed=lost,
        low=0,
        high=0,
        severity="critical",
        message="Rows in must be rows taken, quarantined, excluded or merged: a defect of the ingest, report it.",
        where=line["path"],
    )


def _empty(profile: Profile, line: dict[str, Any]) -> list[Observation]:
    usual, files, empty_share = usual_rows(profile, line["path"])
    if usual < LEAST_ROWS or files < FILES_TO_COMPARE:
        return []
    blocks = empty_share <= EMPTY_IS_USUAL
    return [
        Observation(
            check="the file is not empty",
            table=profile.source,
            observed=line["rows_in"],
            low=1,
            high=None,
            severity="critical" if blocks else "warning",
            message=f"The file has no rows; files of {profile.source} usually have about {usual:,.0f}. "
            "Deliver it again, or take it out of the inbox if nothing happened, and run again.",
            where=line["path"],
        )
    ]


def _quarantined(source: str, line: dict[str, Any], reasons: Callable[[str], str]) -> list[Observation]:
    rows, bad = line["rows_in"], line["quarantined"]
    if not rows:
        return []
    share = bad / rows
    why = f" Reasons: {reasons(line['path'])}." if share > QUARANTINE_WARNS else ""
    message = (
        f"{bad:,} of {rows:,} rows of the file break the contract of {source} and are in quarantine.{why} "
        "Have the file mended and delivered again, or exclude such rows by name (`where`) if they are no facts."
    )
    bounds = _bounds(rows)
    return [
        Observation("share in quarantine", source, share, None, bound, severity, message, where=line["path"])  # type: ignore[arg-type]
        for severity, bound in bounds.items()
    ]


def _bounds(rows: int) -> dict[str, float]:
    if rows < LEAST_ROWS:
        return {"warning": QUARANTINE_BLOCKS}
    return {"critical": QUARANTINE_BLOCKS, "warning": QUARANTINE_WARNS}


def _quarantined_in_all(profile: Profile) -> list[Observation]:
    """Many small files, each too small to be judged alone."""
    small = [line for line in profile.new_files.iter_rows(named=True) if line["rows_in"] < LEAST_ROWS]
    rows, bad = sum(line["rows_in"] for line in small), sum(line["quarantined"] for line in small)
    if rows < LEAST_ROWS:
        return []
    return [
        Observation(
            check="share in quarantine of small files together",
            table=profile.source,
            observed=bad / rows,
            low=None,
            high=QUARANTINE_BLOCKS,
            severity="critical",
            message=f"{bad:,} of {rows:,} rows in {len(small)} small files are in quarantine: see `holdfast check`.",
            where=max(small, key=lambda line: line["quarantined"])["path"],
        )
    ]
