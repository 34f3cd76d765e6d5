"""One file of a source: read, judged by its contract, and accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

import polars as pl

from assets.sources import orders
from quality.contracts import split
from warehouse import inbox, shapes
from warehouse.canonical import Reader
from warehouse.config import Config
from warehouse.formats import RawFile
from warehouse.inbox import InboxFile
from warehouse.ledger import Line


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is kept of a file besides its good rows: bad rows (row, id, day, reasons), their raw texts, the canonical
    columns it has, and its line in the ledger."""

    bad: pl.DataFrame
    raw: pl.DataFrame
    columns: tuple[str, ...]
    line: Line


def read(
    config: Config, reader: Reader, file: InboxFile, waits_before: date | None = None, today: date | None = None
) -> tuple[pl.DataFrame, Delivery] | None:
    """The good rows of a file, and the rest; None where it is still being written. Rows of days before `waits_before`
    are left out and counted; what has happened later than `today` is set aside. Raises SourceError, UsageError.
    """
    content = inbox.read_still(config, file)
    if content is None:
        return None
    raw_file = RawFile(file.path, content)
    found = reader.read(raw_file)
    judged = split(found, reader, today)
    raw = raw_file.raw_rows(judged.bad["row"]) if judged.bad.height else pl.DataFrame()
    good = orders.of_lines(judged.good.lazy()).collect() if reader.source.lines else judged.good
    days = _bounds(good["day"])
    taken = good if waits_before is None else good.filter((pl.col("day") >= waits_before).fill_null(True))
    line = Line(
        source=reader.source.name,
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        sha256=sha256(content).hexdigest(),
        reading=config.reading(reader.source.name),
        rows_in=found.rows_in,
        taken=taken.height,
        quarantined=judged.bad.height,
        excluded_where=found.excluded_where,
        excluded_distinct=found.excluded_distinct,
        merged=judged.good.height - good.height,
        waiting=good.height - taken.height,
        superseded=0,
        dst_gaps=found.gaps,
        dst_overlaps=found.overlaps,
        first_day=days[0] if days else None,
        last_day=days[1] if days else None,
        waits_before=waits_before,
        taken_at=datetime.now(UTC),
        due_on=judged.due_on,
        columns=shapes.of_file(raw_file),
        filled=shapes.of_rows(found.rows, found.columns),
    )
    return taken, Delivery(judged.bad, raw, found.columns, line)


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
