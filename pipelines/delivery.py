"""One file of a source: read, judged by its contract, and accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

import polars as pl

from assets.sources import orders
from quality.contracts import Split, split
from warehouse import inbox, shapes
from warehouse.canonical import Canonical, Reader
from warehouse.code import program_version
from warehouse.config import Config
from warehouse.formats import RawFile
from warehouse.inbox import InboxFile
from warehouse.ledger import Line


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is kept of a file besides its good rows: bad rows (row, id, day, reasons), their raw texts, the canonical
    columns it has, its line in the ledger, and how many good rows it has of each day."""

    bad: pl.DataFrame
    raw: pl.DataFrame
    columns: tuple[str, ...]
    line: Line
    days: Mapping[date, int]


class _Account:
    """What is noted of a file while its rows come, piece by piece."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.filled: Counter[str] = Counter()
        self.bad: list[pl.DataFrame] = []
        self.days: Counter[date] = Counter()
        self.due_on: list[date] = []
        self.rows = 0
        self.columns: tuple[str, ...] = ()

    def note(self, found: Canonical, judged: Split, good: pl.DataFrame, taken: pl.DataFrame) -> None:
        """Of one piece: what was read, what became of it, its good rows and those of them that are taken now."""
        self.counts.update(
            rows_in=found.rows_in,
            taken=taken.height,
            quarantined=judged.bad.height,
            excluded_where=found.excluded_where,
            excluded_distinct=found.excluded_distinct,
            merged=judged.good.height - good.height,
            waiting=good.height - taken.height,
            dst_gaps=found.gaps,
            dst_overlaps=found.overlaps,
        )
        self.rows += found.rows.height
        self.filled += shapes.filled(found.rows, found.columns)
        self.bad.append(judged.bad)
        self.days.update(dict(good["day"].drop_nulls().value_counts().iter_rows()))
        self.due_on += [judged.due_on] if judged.due_on else []
        self.columns = found.columns


def read(
    config: Config,
    reader: Reader,
    file: InboxFile,
    keep: Callable[[pl.DataFrame], None],
    waits_before: date | None = None,
    today: date | None = None,
) -> Delivery | None:
    """Gives the good rows of a file to `keep`, a piece at a time, and returns the rest; None where it is still being
    written. Rows of days before `waits_before` are left out and counted; what has happened later than `today` is set
    aside. Raises SourceError, UsageError.
    """
    content = inbox.read_still(config, file)
    if content is None:
        return None
    raw_file, account = RawFile(file.path, content), _Account()
    for found in reader.read(raw_file):
        judged = split(found, reader, today)
        good = orders.of_lines(judged.good.lazy()).collect() if reader.source.lines else judged.good
        taken = good if waits_before is None else good.filter((pl.col("day") >= waits_before).fill_null(True))
        account.note(found, judged, good, taken)
        keep(taken)
    bad = pl.concat(account.bad)
    line = Line(
        source=reader.source.name,
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        sha256=sha256(content).hexdigest(),
        reading=config.reading(reader.source.name),
        superseded=0,
        first_day=min(account.days, default=None),
        last_day=max(account.days, default=None),
        waits_before=waits_before,
        taken_at=datetime.now(UTC),
        due_on=min(account.due_on, default=None),
        read_by=program_version(),
        columns=shapes.of_file(raw_file),
        filled=shapes.of_rows(account.rows, account.filled),
        **account.counts,
    )
    raw_rows = raw_file.raw_rows(bad["row"]) if bad.height else pl.DataFrame()
    return Delivery(bad, raw_rows, account.columns, line, account.days)


def days_of(config: Config, source: str, file: InboxFile, today: date) -> tuple[date, date] | None:
    """The first and last business day in a file, by a quick look at its times; None where none can be read. A day after
    `today` tells nothing: what has happened cannot be of it, and a plan is no sign that the days before it are over."""
    content = inbox.read_still(config, file)
    if content is None:
        return None
    days = Reader.of(config, source).days(RawFile(file.path, content))
    return _bounds(days.filter(days <= today))


def _bounds(days: pl.Series) -> tuple[date, date] | None:
    first, last = days.min(), days.max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None
