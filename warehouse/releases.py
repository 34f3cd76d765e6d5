"""The history of what was published, and the way a candidate becomes part of it.

A release is immutable and seen whole or not at all. Readers take no lock: they pin the folder of a release once and
stay there. This is the one door to releases; how each step is done lies in the modules it names. Importing it is light
(no Polars, no DuckDB).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse import candidate as candidates
from warehouse import commit, history, manifest
from warehouse.candidate import Candidate
from warehouse.manifest import Manifest

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
        return history.folder_of(self.home, self.get(number).number)

    def stage(
        self,
        draft: Draft,
        *,
        tables: Mapping[str, Table],
        watermark: date | str,
        first_day: date | str | None,
        config: Config,
        reason: str,
        migrations: Collection[str] = (),
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
            migrations=migrations,
        )
        return candidates.place(self.home, proposal)

    def publish(self, candidate: Candidate, verdict: Mapping[str, Any]) -> Manifest:
        """Makes the candidate the newest release. `verdict` has at least `passed` and `digest`.

        Raises GateRefused (no verdict that passed exactly this content), PublishConflict, StorageError.
        """
        return commit.commit(self.home, candidate, verdict, now=history.stamp(self._clock()))

    def unchanged(self, candidate: Candidate) -> bool:
        """Whether the candidate holds exactly what the newest release holds."""
        head = self.head()
        return head is not None and head.content_digest == candidate.digest
