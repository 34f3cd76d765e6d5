"""The commit on an object store: the new files first, then the manifest, created only if its number is still free.

Whoever creates it has published; everybody else has lost, and nothing of theirs is listed anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from warehouse import manifest, remote_history, transfers
from warehouse.candidate import PAGE
from warehouse.errors import PublishConflict, StorageError
from warehouse.manifest import DataFile, Manifest
from warehouse.remote import Remote
from warehouse.transfers import Report

# A collection lets objects that no release lists live for a day: a commit must come well before.
LONGEST_UPLOAD_SECONDS = 12 * 3600


def commit(
    remote: Remote, home: Path, folder: Path, published: Manifest, files: Sequence[DataFile], report: Report
) -> None:
    """Publishes in the store what lies whole in `home`; `files` are those the store does not have yet.

    `folder` is the candidate's, with its page. Raises PublishConflict where the number is taken, StorageError; nothing
    is published then.
    """
    began = time.time()
    _check_free(remote, published)
    if published.base is None:
        check_honours_create(remote)
    transfers.upload(home, remote, files, report)
    if time.time() - began > LONGEST_UPLOAD_SECONDS:
        raise StorageError(
            f"The upload to {remote.url} took more than {LONGEST_UPLOAD_SECONDS // 3600} hours, and what is that old "
            "may be collected before it is published: nothing is published. Run again, closer to the store"
        )
    _create(remote, published)
    page = folder / PAGE
    if page.exists():
        try:
            remote.replace(remote_history.page_of(published.number), page.read_bytes())
        except StorageError as error:
            report(f"release {published.number} is published without its page: {error}")


def check_honours_create(remote: Remote) -> None:
    """Raises StorageError where the store would let two publishers win."""
    if not remote.honours_create():
        raise StorageError(
            f"{remote.url} overwrites an object it was asked to create only if there is none (If-None-Match): two "
            "publishers could both win there. Take a store that honours it; S3, Google Cloud Storage and Azure do"
        )


def _create(remote: Remote, published: Manifest) -> None:
    key, content = remote_history.key_of(published.number), manifest.to_bytes(published)
    try:
        if remote.create(key, content):
            return
    except StorageError:
        # The answer may be lost where the manifest is not.
        if not remote.holds(key, content):
            raise
    # Refused, or the store tried twice and met its own first attempt: a manifest of these bytes is this run's.
    if not remote.holds(key, content):
        raise _lost(remote, published, published.number)


def _check_free(remote: Remote, published: Manifest) -> None:
    """So that who has lost already need not upload. What decides is the create."""
    taken = remote_history.look(remote).next_number - 1
    if taken >= published.number:
        raise _lost(remote, published, taken)


def _lost(remote: Remote, published: Manifest, number: int) -> PublishConflict:
    return PublishConflict.lost_to(number, published.base, f" in {remote.url}")
