"""The profile of a source: what its newest rows say, day by day, and one row for each delivered file.

Here the lake and the ledger are measured; nothing is judged. History is the lake itself: what a day usually looks like
is read from the days before, as they are known now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from quality.recent import Counts, count, files_since
from warehouse import ledger as ledgers
from warehouse.catalog import Entry
from warehouse.manifest import Manifest
from warehouse.store import Store

FIRST_LOAD_DAYS = 28

IDS = pl.Schema({"customer_id": pl.String, "day": pl.Date})
NOTED = ("columns", "filled")
DELIVERY = ("path", "sha256", "reading")


@dataclass(frozen=True)
class Profile:
    """What is known of one source.

    `counts` has what its newest rows say. `files`: the ledger's lines, as `ledger` gives them. `judged`: the days this
    candidate is answerable for, ascending. `newest_day` is the newest day of the lake, `gap_days` the longest gap
    between its days in the history read.
    """

    source: str
    counts: Counts
    files: pl.DataFrame
    judged: tuple[date, ...]
    newest_day: date | None
    gap_days: int

    @property
    def days(self) -> pl.DataFrame:
        """One row for each day: rows (current versions), facts (of these, what really happened), persons, amount (the
        median), no_channel and no_country (rows without)."""
        return self.counts.days

    @cached_property
    def sizes(self) -> list[tuple[str, int]]:
        """Path and rows of every file, by path."""
        return list(self.files.select("path", "rows_in").iter_rows())

    @cached_property
    def new_files(self) -> pl.DataFrame:
        return self.files.filter("is_new")

    @cached_property
    def new_spans(self) -> list[tuple[str, date, date]]:
        """Path, first and last day of every new file that has days."""
        return self.new_files.select("path", "first_day", "last_day").drop_nulls().rows()

    @cached_property
    def _by_day(self) -> dict[str, dict[date, float]]:
        columns = self.days.drop("day").columns
        rows = self.days.select("day", pl.col(columns).cast(pl.Float64))
        return {column: dict(rows.select("day", column).drop_nulls().rows()) for column in columns}

    @cached_property
    def _per_row(self) -> dict[str, dict[date, float]]:
        rows = self.values("rows")
        return {
            column: {day: value / rows[day] for day, value in values.items() if rows.get(day)}
            for column, values in self._by_day.items()
        }

    def values(self, column: str) -> dict[date, float]:
        """A column of `days` by day, days without a value left out."""
        return self._by_day[column]

    def per_row(self, column: str) -> dict[date, float]:
        """A column of `days` for each row, by day; days without rows left out."""
        return self._per_row[column]


def measure(entry: Entry, candidate: Manifest, store: Store, head: Manifest | None) -> Profile:
    """The profile of one source in the candidate, against the release it builds on.

    Raises StorageError or a Polars error where a file of the lake cannot be read.
    """
    source = entry.table.name
    watermark = date.fromisoformat(candidate.watermark)
    files = ledger(source, candidate, store, head)
    judged = _judged(files.filter("is_new"), watermark, head)
    counts = count(entry, candidate, store, files, judged, watermark)
    present = counts.days.filter(pl.col("rows") > 0).get_column("day").sort()
    gaps = present.diff().dt.total_days().drop_nulls()
    return Profile(
        source,
        counts,
        files,
        judged,
        present.max() if len(present) else None,  # type: ignore[arg-type]
        int(gaps.max() or 1) if len(gaps) else 1,  # type: ignore[arg-type]
    )


def ledger(source: str, candidate: Manifest, store: Store, head: Manifest | None) -> pl.DataFrame:
    """The source's lines in the ledger, sorted by path, with what the release it builds on knew of them: `is_new` (that
    content, read that way, was not there), `superseded_before`, and `former_rows`, `former_columns` and `former_filled`
    of a file of that path, if any."""

    def lines(manifest: Manifest | None) -> pl.LazyFrame:
        files = manifest.of(ledgers.LAYER, ledgers.TABLE) if manifest else []
        own = [file for file in files if file.partition == ledgers.partition(source)]
        return store.scan(own, ledgers.SCHEMA)

    former = lines(head).select(
        "path", former_rows="rows_in", **{f"former_{name}": _noted(lines(head), name) for name in NOTED}
    )
    known = lines(head).select(*DELIVERY, superseded_before="superseded").unique(DELIVERY)
    found = (
        lines(candidate)
        .join(known, on=DELIVERY, how="left")
        .join(former.unique("path"), on="path", how="left")
        .with_columns(**{name: _noted(lines(candidate), name) for name in NOTED})
        .with_columns(pl.col("superseded_before").fill_null(0), is_new=pl.col("superseded_before").is_null())
    )
    return found.sort("path").collect()


def _noted(lines: pl.LazyFrame, name: str) -> pl.Expr:
    """A column of the ledger that an earlier version of Holdfast did not keep."""
    return pl.col(name) if name in lines.collect_schema() else pl.lit(None, pl.String)


def unknown_customers(source: str, profile: Profile, candidate: Manifest, store: Store) -> tuple[int, int]:
    """Of the customers with rows on the judged days: how many `customers` does not know, and how many there are."""
    if not profile.judged or not profile.days.height:
        return 0, 0
    first, last = profile.judged[0], profile.judged[-1]
    rows = store.scan(files_since(candidate.of("sources", source), first), IDS)
    named = rows.filter(pl.col("day").is_between(first, last)).select("customer_id").unique()
    known = store.scan(candidate.of("sources", "customers"), IDS).select("customer_id").unique()
    missing = named.join(known, on="customer_id", how="anti").select(pl.len()).collect().item()
    return missing, named.select(pl.len()).collect().item()


def _judged(new_files: pl.DataFrame, watermark: date, head: Manifest | None) -> tuple[date, ...]:
    """The days new files speak of, and those since the last release; of a first load only the last four weeks."""
    first_load = watermark - timedelta(days=FIRST_LOAD_DAYS - 1)
    since = date.fromisoformat(head.watermark) + timedelta(days=1) if head else first_load
    found = set(_span(since, watermark))
    for first, last in new_files.select("first_day", "last_day").drop_nulls().iter_rows():
        found |= set(_span(first if head else max(first, first_load), min(last, watermark)))
    return tuple(sorted(found))


def _span(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
