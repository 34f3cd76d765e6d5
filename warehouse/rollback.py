"""Takes the warehouse back to an earlier release: tables, lake and ledger together, as a new release.

Nothing is undone or removed. Deliveries that came since are listed as held, for the next run to name and leave alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from warehouse import candidate as candidates
from warehouse import commit, deliveries, history, manifest, remote_history, transfers
from warehouse.candidate import count_changes
from warehouse.errors import StorageError, UsageError
from warehouse.manifest import HISTORIES, DataFile, Manifest
from warehouse.remote import Remote
from warehouse.transfers import Report, quiet

T = TypeVar("T")


def rollback(home: Path, number: int, *, now: str, remote: Remote | None = None, report: Report = quiet) -> Manifest:
    """Publishes the content of release `number` again, under the verdict it passed with, and returns the manifest.

    With `remote`, the store that `home` mirrors, it is published there, and its files must be there. The caller holds
    the publish lock. Raises UsageError (no such release, or the head has its content), StorageError.
    """
    head, target = history.newest(home), history.get(home, number)
    if head is None or _contents(head) == _contents(target):
        raise UsageError(
            f"The newest release has the content of release {number} already: there is nothing to roll back"
        )
    if remote is None:
        _check_present(target.files, lambda file: _has_size(home / file.path, file.bytes))
    else:
        sizes = {item.key: item.bytes for item in remote.items(remote_history.DATA)}
        _check_present(target.files, lambda file: sizes.get(file.path) == file.bytes)
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
    if remote is not None:
        transfers.download(home, remote, proposal.published(), report)
    candidate = candidates.place(home, proposal)
    verdict = _verdict_for(proposal.content_digest, target)
    return commit.commit(home, candidate, verdict, now=now, trusted=target, remote=remote, report=report)


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
        schemas=restatements.with_history({**target.schemas, **_of(history, head.schemas)}),
        descriptions={
            **target.descriptions,
            **_of(history, head.descriptions),
            restatements.NAME: restatements.DESCRIPTION,
        },
    )


def _of(files: Iterable[DataFile], told: Mapping[str, T]) -> dict[str, T]:
    """What is told of the tables of these files."""
    return {file.table: told[file.table] for file in files if file.table in told}


def _verdict_for(digest: str, target: Manifest) -> Mapping[str, Any]:
    """The verdict the target passed with, for its content with the history of today.

    Its tables are the audited ones. A verdict that is not about the target's content stays as it is, to be refused.
    """
    if target.verdict.get("digest") != manifest.content_digest(target.schemas, target.files):
        return target.verdict
    return {**target.verdict, "digest": digest}


def _check_present(files: tuple[DataFile, ...], is_present: Callable[[DataFile], bool]) -> None:
    missing = [file.path for file in files if not is_present(file)]
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
