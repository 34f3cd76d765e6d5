"""Takes the warehouse back to an earlier release: tables, lake and ledger together, as a new release.

Nothing is undone or removed. Deliveries that came since are listed as held, for the next run to name and leave alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from warehouse import candidate as candidates
from warehouse import commit, deliveries, history
from warehouse.candidate import count_changes
from warehouse.errors import StorageError, UsageError
from warehouse.manifest import DataFile, Manifest


def rollback(home: Path, number: int, *, now: str) -> Manifest:
    """Publishes the content of release `number` again, under the verdict it passed with, and returns the manifest.

    The caller holds the publish lock. Raises UsageError (no such release, or the head has its content), StorageError.
    """
    head, target = history.newest(home), history.get(home, number)
    if head is None or head.content_digest == target.content_digest:
        raise UsageError(
            f"The newest release has the content of release {number} already: there is nothing to roll back"
        )
    _check_present(home, target.files)
    proposal = replace(
        target,
        number=head.number + 1,
        base=head.number,
        published_at=now,
        reason=f"rollback {number}",
        run=f"rollback-{number}",
        changed=count_changes(head, target.files),
        held=deliveries.held_by_rollback(home, head, target),
    )
    candidate = candidates.place(home, proposal)
    return commit.commit(home, candidate, target.verdict, now=now, trusted=target)


def _check_present(home: Path, files: tuple[DataFile, ...]) -> None:
    missing = [file.path for file in files if not _has_size(home / file.path, file.bytes)]
    if missing:
        raise StorageError(
            f"{len(missing)} files of that release are missing or cut short, {missing[0]} among them: it cannot be "
            "restored. `holdfast doctor --deep` says which release is whole"
        )


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.lstat().st_size == size
    except FileNotFoundError:
        return False
