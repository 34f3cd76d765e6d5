"""Takes the warehouse back to an earlier release: tables, lake and ledger together, as a new release.

Nothing is undone or removed. Deliveries that came since are listed as held, for the next run to name and leave alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from warehouse import candidate as candidates
from warehouse import commit, deliveries, history, manifest
from warehouse.candidate import count_changes
from warehouse.errors import StorageError, UsageError
from warehouse.manifest import HISTORIES, DataFile, Manifest


def rollback(home: Path, number: int, *, now: str) -> Manifest:
    """Publishes the content of release `number` again, under the verdict it passed with, and returns the manifest.

    The caller holds the publish lock. Raises UsageError (no such release, or the head has its content), StorageError.
    """
    head, target = history.newest(home), history.get(home, number)
    if head is None or _contents(head) == _contents(target):
        raise UsageError(
            f"The newest release has the content of release {number} already: there is nothing to roll back"
        )
    _check_present(home, target.files)
    restored = _with_history(home, head, target)
    proposal = replace(
        restored,
        content_digest=manifest.content_digest(restored.schemas, restored.files),
        number=head.number + 1,
        base=head.number,
        published_at=now,
        reason=f"rollback {number}",
        run=f"rollback-{number}",
        changed=count_changes(head, restored.files),
        held=deliveries.held_by_rollback(home, head, target),
    )
    candidate = candidates.place(home, proposal)
    return commit.commit(home, candidate, _verdict_for(proposal.content_digest, target), now=now, trusted=target)


def _contents(release: Manifest) -> set[tuple[tuple[str, str, str], str]]:
    """What a rollback restores: everything but the histories, which only ever grow."""
    return {(file.key, file.sha256) for file in release.files if file.layer != HISTORIES}


def _with_history(home: Path, head: Manifest, target: Manifest) -> Manifest:
    """The target with the head's history, and what the rollback adds to it."""
    from warehouse import restatements
    from warehouse.store import Store

    history = restatements.of_rollback(Store(home), head, target, head.number + 1)
    if not history:
        return target
    return replace(
        target,
        files=tuple(sorted((*(file for file in target.files if file.layer != HISTORIES), *history))),
        schemas=restatements.with_history(target.schemas),
        descriptions={**target.descriptions, restatements.NAME: restatements.DESCRIPTION},
    )


def _verdict_for(digest: str, target: Manifest) -> Mapping[str, Any]:
    """The verdict the target passed with, for its content with the history of today.

    Its tables are the audited ones. A verdict that is not about the target's content stays as it is, to be refused.
    """
    if target.verdict.get("digest") != manifest.content_digest(target.schemas, target.files):
        return target.verdict
    return {**target.verdict, "digest": digest}


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
