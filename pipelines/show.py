"""A published table in the terminal: its newest days, or the rows that a condition picks."""

from __future__ import annotations

import polars as pl

from pipelines.text import counted, grid
from warehouse import catalog, sql
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store
from warehouse.table import SEGMENT_ALL

MOST_ROWS = 200
DAYS, STARTS = 1, 12
GRAINS = ("cohort_grain", "period")


def show(config: Config, table: str, where: str | None = None, last: int | None = None) -> str:
    """The newest `last` days of the rows that `where` picks (default: segment `all`), as text.

    Cohort and calendar tables: the newest `last` starts of each grain. By default one day, or twelve starts.
    Raises UsageError for an unknown table and for a condition that does not parse or names unknown columns.
    """
    release = open_release(config)
    keys = keys_of(release, table)
    rows = pick(scan(config, release, table), where)
    schema = rows.collect_schema()
    day = next((name for name in keys if schema[name] == pl.Date), None)
    if day is not None:
        grains = [name for name in GRAINS if name in keys]
        rows = newest(rows, day, grains, last or (STARTS if grains else DAYS))
    picked = rows.collect()
    shown = picked.sort(keys).tail(MOST_ROWS)
    note = f"{counted(picked.height, 'row')} of release {release.number}"
    if picked.height > MOST_ROWS:
        note += f", the last {MOST_ROWS} shown"
    if where is None:
        note += "; --where and --last show others"
    return f"{grid(shown.columns, shown.rows(), keys=len(keys))}\n\n{note}"


def open_release(config: Config, number: int | None = None) -> Manifest:
    """That release, or the newest. Raises UsageError where there is none."""
    releases = Releases(config.home)
    found = releases.head() if number is None else releases.get(number)
    if found is None:
        raise UsageError(f"Nothing was published in {config.home} yet: `holdfast run` first.")
    return found


def scan(config: Config, release: Manifest, table: str) -> pl.LazyFrame:
    """A published table of that release, unread; where it has no file, an empty one as it is declared today."""
    files = release.published(table)
    schema = None if files else catalog.load()[table].table.polars_schema()
    return Store(config.home).scan(files, schema)


def keys_of(release: Manifest, table: str) -> list[str]:
    """The columns of a table's grain in that release. Raises UsageError where it has no such table."""
    if table not in release.schemas:
        known = ", ".join(release.schemas)
        raise UsageError(f"There is no table {table} in release {release.number}. There are {known}.")
    return [column["name"] for column in release.schemas[table] if column["is_key"]]


def pick(rows: pl.LazyFrame, where: str | None) -> pl.LazyFrame:
    """The rows that a condition picks; without one those of segment `all`. Raises UsageError."""
    names = rows.collect_schema().names()
    if where is None:
        return rows.filter(pl.col("segment") == SEGMENT_ALL) if "segment" in names else rows
    try:
        picked = rows.filter(sql.parse("--where", where).expr)
        picked.collect_schema()
    except UsageError as error:
        raise UsageError(f"{error} Columns: {', '.join(names)}.") from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--where {where!r}: {reason}. Columns: {', '.join(names)}.") from error
    return picked


def newest(rows: pl.LazyFrame, day: str, grains: list[str], last: int) -> pl.LazyFrame:
    """The rows of the newest `last` days that there are, of each grain apart."""
    days = rows.select(*grains, day).unique()
    rank = pl.col(day).rank("dense", descending=True)
    since = days.filter((rank.over(grains) if grains else rank) <= last)
    return rows.join(since, on=[*grains, day], how="semi")
