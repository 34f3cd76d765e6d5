"""What is new in the inbox, and taking it in. The looking is light: Polars is imported only where rows are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.clock import today
from warehouse import inbox
from warehouse.code import program_version
from warehouse.config import Config
from warehouse.inbox import InboxFile, Known
from warehouse.manifest import Held, Manifest

if TYPE_CHECKING:
    from pipelines.intake import IngestResult
    from pipelines.workspace import Workspace
    from warehouse.store import Store

# Rates and attributes have no say in how far a run reaches.
DATED_SOURCES = ("orders", "subscriptions", "events")
Days = tuple[date, date]


@dataclass(frozen=True, slots=True, order=True)
class PendingFile:
    """A file that the next run will take."""

    source: str
    file: InboxFile

    def __str__(self) -> str:
        return self.file.path


@dataclass(frozen=True)
class Pending:
    """What the next run has to take in; true where there is something. `held` files wait because of a rollback."""

    config: Config
    files: tuple[PendingFile, ...]
    held: tuple[Held, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    def first_day(self) -> date | None:
        """The first business day in the new files: a quick look at their times. A new version of a row with another
        time reaches further back than this."""
        return min((first for first, _ in self._days), default=None)

    def last_day(self) -> date | None:
        """The last business day in the new files: a quick look at their times."""
        return max((last for _, last in self._days), default=None)

    @cached_property
    def _days(self) -> list[tuple[date, date]]:
        from pipelines.delivery import days_of

        now = today(self.config)
        found = (days_of(self.config, one.source, one.file, now) for one in self.files if one.source in DATED_SOURCES)
        return [days for days in found if days is not None]


def pending(
    config: Config,
    head: Manifest | None,
    store: Store | None = None,
    *,
    retake: bool = False,
    again: Days | None = None,
) -> Pending:
    """The new and changed files of every source's inbox, by the ledger of the head.

    What a rollback held back is left alone unless `retake`. Of the days `again` the files are looked at by their bytes,
    and read once more where they might say something else. Raises UsageError, SourceError.
    """
    del store
    files: list[PendingFile] = []
    held: list[Held] = []
    for source in config.sources:
        found, left = news(config, source, head, retake=retake, again=again)
        files += [PendingFile(source, file) for file in found]
        held += left
    return Pending(config, tuple(files), tuple(held))


def news(
    config: Config, source: str, head: Manifest | None, *, retake: bool = False, again: Days | None = None
) -> tuple[list[InboxFile], list[Held]]:
    """The files of one source that have to be taken, and those that a rollback holds back."""
    known, reading, now = known_files(head, source), config.reading(source), today(config)

    def is_wanted(file: InboxFile) -> bool:
        former = known.get(file.path)
        if former is None or former.is_due(now) or inbox.is_news(config, file, former, reading):
            return True
        if again is None or not former.has_days_of(again):
            return False
        limit = date.fromisoformat(former.waits_before) if former.waits_before else None
        could_differ = former.read_by != program_version() or waits_before(config, limit, again) != limit
        return could_differ or inbox.digest(config, file) != former.sha256

    found = list(filter(is_wanted, inbox.discover(config, source)))
    waiting = {(one.path, one.sha256): one for one in (head.held if head else ()) if one.source == source}
    if not waiting or retake:
        return found, []
    digests = {file.path: inbox.digest(config, file) for file in found}
    held = [waiting[key] for key in digests.items() if key in waiting]
    return [file for file in found if (file.path, digests[file.path]) not in waiting], held


def waits_before(config: Config, limit: date | None, again: Days | None) -> date | None:
    """Rows of earlier days of a file are too late, whose limit was this so far. They wait for a backfill that begins
    before them, or for a configuration without a limit."""
    if limit is None or config.max_late_days is None:
        return None
    return limit if again is None else min(limit, again[0])


def known_files(head: Manifest | None, source: str) -> dict[str, Known]:
    """The files that the head has taken, from its notes: the ledger without opening it. One noted in another layout is
    left out."""
    noted: Mapping[str, Any] = head.notes.get(source, {}) if head else {}
    names = noted.get("inbox_columns", Known.names())
    files = {path: Known.of(names, values) for path, values in noted.get("inbox", {}).items()}
    return {path: known for path, known in files.items() if known is not None}


def take_in(workspace: Workspace, source: str, *, retake: bool = False, again: Days | None = None) -> IngestResult:
    """Takes the new and changed files of a source into the draft: lake, quarantine, ledger, codes and notes.

    `retake` and `again` as in `pending`. Does nothing where that was done before in this draft. Raises SourceError,
    UsageError, StorageError.
    """
    from pipelines import moved
    from pipelines.intake import take_in as take

    taken = take(workspace, source, retake=retake, again=again)
    moved.record(workspace, source)
    return taken
