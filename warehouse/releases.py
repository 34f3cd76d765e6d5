"""The history of what was published, and the way a candidate becomes part of it.

A release is immutable and seen whole or not at all. Readers take no lock: they pin the folder of a release once and
stay there. This is the one door to releases; how each step is done lies in the modules it names. Importing it is light
(no Polars, no DuckDB).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse import candidate as candidates
from warehouse import (
    collect,
    commit,
    history,
    inspection,
    manifest,
    mend,
    mirror,
    recover,
    remote_collect,
    remote_tags,
    rollback,
    tags,
)
from warehouse.candidate import Candidate
from warehouse.collect import Collected, Keep
from warehouse.inspection import Inspection
from warehouse.locks import RunLock, publish_lock, run_lock
from warehouse.manifest import Manifest
from warehouse.recover import Beginning, Swept
from warehouse.remote import Remote
from warehouse.remote_inspection import inspect_remote
from warehouse.transfers import Report, quiet

if TYPE_CHECKING:
    from warehouse.config import Config
    from warehouse.draft import Draft
    from warehouse.table import Table


def _now() -> datetime:
    return datetime.now(UTC)


class Releases:
    """The releases of the warehouse at `home`. `clock` gives the moment releases are published at."""

    def __init__(self, home: Path, clock: Callable[[], datetime] = _now) -> None:
        self.home = Path(home).absolute()
        self._clock = clock

    @property
    def remote(self) -> Remote | None:
        """The object store `home` mirrors; None where the warehouse is in a folder."""
        return mirror.remote_of(self.home)

    def refresh(self, report: Report = quiet, held: RunLock | None = None) -> None:
        """Makes the history here that of the object store, if the warehouse is in one. Raises StorageError.

        Releases that expired there are let go of only with the caller's run lock: no run stands on them then.
        """
        remote = self.remote
        if remote is None:
            return
        listed = mirror.refresh(self.home, remote, report)
        if held is not None:
            with run_lock(self.home, held), publish_lock(self.home):
                mirror.forget(self.home, listed, self._clock())

    def complete_head(self, report: Report = quiet) -> None:
        """Brings every file of the newest release, if the warehouse is in an object store. Raises StorageError."""
        head = self.head() if self.remote is not None else None
        if head is not None:
            mirror.complete(self.home, head, head.files, report)

    def numbers(self) -> list[int]:
        """The numbers of all releases, ascending."""
        return history.numbers(self.home)

    def head(self) -> Manifest | None:
        """The newest release; None before the first. Raises StorageError where its manifest is damaged."""
        return history.newest(self.home)

    def get(self, number: int) -> Manifest:
        """Raises UsageError where there is no such release, StorageError where its manifest is damaged."""
        return history.get(self.home, number)

    def headers(self) -> list[Manifest]:
        """All releases, oldest first, without their files: what a list of them shows."""
        return [manifest.read_header(history.path_of(self.home, number)) for number in self.numbers()]

    def as_of(self, moment: datetime | date | str) -> Manifest | None:
        """What was published at that moment: a day means its end; None where nothing was yet. Raises UsageError."""
        return history.as_of(self.home, moment)

    def folder(self, number: int) -> Path:
        """The folder a plain tool reads that release from; raises UsageError where there is no such release."""
        if self.remote is not None:
            return mirror.complete(self.home, self.get(number), ())
        return collect.restore_tree(self.home, number)

    def stage(
        self,
        draft: Draft,
        *,
        tables: Mapping[str, Table],
        watermark: date | str,
        first_day: date | str | None,
        config: Config,
        reason: str,
    ) -> Candidate:
        """Lays out what the draft would publish; `tables` are the published ones by name.

        Raises StorageError, also where a table's columns changed without a migration of it being declared.
        """
        proposal = candidates.propose(
            draft,
            tables,
            watermark=watermark,
            first_day=first_day,
            config=config,
            reason=reason,
            staged_at=history.stamp(self._clock()),
        )
        return candidates.place(self.home, proposal)

    def publish(self, candidate: Candidate, verdict: Mapping[str, Any], report: Report = quiet) -> Manifest:
        """Makes the candidate the newest release. `verdict` has at least `passed` and `digest`.

        Raises GateRefused (no verdict that passed exactly this content), PublishConflict, StorageError.
        """
        now = history.stamp(self._clock())
        with publish_lock(self.home):
            return commit.commit(self.home, candidate, verdict, now=now, remote=self.remote, report=report)

    def unchanged(self, candidate: Candidate) -> bool:
        """Whether the candidate holds exactly what the newest release holds."""
        head = self.head()
        return head is not None and head.content_digest == candidate.digest

    def last_refused(self) -> Candidate | None:
        """The candidate the gate refused last, with its verdict, until the next release; None without one."""
        return recover.last_refused(self.home)

    def rollback(self, number: int, report: Report = quiet) -> Manifest:
        """Publishes the content of that release again, lake and ledger with it; later deliveries are held.

        Raises UsageError (no such release, or the newest has that content), StorageError.
        """
        self.refresh(report)
        now = history.stamp(self._clock())
        with publish_lock(self.home):
            return rollback.rollback(self.home, number, now=now, remote=self.remote, report=report)

    def recover(self, held: RunLock | None = None, since: Beginning | None = None) -> Swept:
        """Sweeps up after killed and refused runs; the last refused candidate stays. Every run begins with it, and ends
        with what came `since` its beginning.

        `held` is the caller's run lock; without one it takes its own. Raises PublishConflict where a run is under way,
        StorageError where a manifest is damaged.
        """
        with run_lock(self.home, held), publish_lock(self.home):
            return recover.recover(self.home, since)

    def collect(self, keep: Keep | None = None, held: RunLock | None = None) -> Collected:
        """Removes releases and files beyond what `keep` says. Locks and errors as `recover`."""
        keep = keep or Keep()
        with run_lock(self.home, held) as lock:
            self.refresh(held=lock)
            with publish_lock(self.home):
                recover.recover(self.home)
                if self.remote is None:
                    return collect.collect(self.home, keep, self._clock())
                done = remote_collect.collect_remote(self.home, self.remote, keep)
            self.refresh(held=lock)
            with publish_lock(self.home):
                recover.sweep_data(self.home)
        return done

    def inspect(self, *, deep: bool = False, report: Report = quiet) -> Inspection:
        """What is stored is no longer as published; `deep` reads every byte. Changes nothing."""
        if self.remote is not None:
            return inspect_remote(self.home, self.remote, deep=deep, report=report)
        return inspection.inspect(self.home, deep=deep)

    def mend(self, held: RunLock | None = None, *, deep: bool = False) -> list[str]:
        """Makes again what follows from manifests and data (links, databases, `current`) and says what it made.

        Of a mirror it is the files, too, that come again: `deep` finds those that were altered. Locks and errors as
        `recover`.
        """
        with run_lock(self.home, held), publish_lock(self.home):
            dropped = mirror.drop_damaged(self.home) if deep and self.remote is not None else []
            return dropped + mend.mend(self.home)

    def tag(self, name: str, number: int) -> None:
        """Names a release, which then is never collected. Raises UsageError, StorageError."""
        if self.remote is not None:
            return remote_tags.tag(self.remote, name, number)
        with publish_lock(self.home):
            return tags.tag(self.home, name, number)

    def untag(self, name: str) -> None:
        """Takes a name away. Raises UsageError where there is none."""
        if self.remote is not None:
            return remote_tags.untag(self.remote, name)
        with publish_lock(self.home):
            return tags.untag(self.home, name)

    def tags(self) -> dict[str, int]:
        """The tags and the numbers of their releases."""
        return tags.tags(self.home) if self.remote is None else remote_tags.tags(self.remote)
