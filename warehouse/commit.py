"""Makes a candidate the next release, or refuses: the one point at which readers see anything new.

Everything a release consists of is durable before the rename that commits it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from warehouse import durable, history, links, manifest, remote_commit, views
from warehouse.candidate import PAGE, RECORD, VERDICT, Candidate
from warehouse.errors import GateRefused, PublishConflict, StorageError
from warehouse.manifest import RESULTS, DataFile, Manifest
from warehouse.names import MONTH, check_inside, check_label
from warehouse.remote import Remote
from warehouse.transfers import Report, quiet

_OWN_FILES = {RECORD, VERDICT, PAGE, manifest.NAME, views.NAME, views.UNFINISHED}


def commit(
    home: Path,
    candidate: Candidate,
    verdict: Mapping[str, Any],
    *,
    now: str,
    trusted: Manifest | None = None,
    remote: Remote | None = None,
    report: Report = quiet,
) -> Manifest:
    """Publishes the candidate and returns its manifest. The caller holds the publish lock.

    `trusted` is a release whose files need no hashing, besides the base. With `remote`, the store that `home` mirrors,
    the release is made there, and what follows here is only its image. Raises GateRefused (no verdict that passed
    exactly this content), PublishConflict (the base is no longer the head), StorageError.
    """
    check_inside(home, candidate.folder)
    _check_verdict(candidate, verdict)
    head = history.newest(home)
    _check_base(candidate, head)
    new_files = _new_files(candidate, head, trusted)
    _check_content(home, candidate, new_files)
    published = replace(
        candidate.manifest,
        number=head.number + 1 if head else 1,
        published_at=max(now, head.published_at) if head else now,
        verdict=json.loads(json.dumps(verdict)),
    )
    published, results = _with_results(home, candidate.folder, published)
    new_files += results
    _settle(home, candidate, published, new_files)
    if remote is None:
        _finish(home, candidate.folder, published)
        return published
    remote_commit.commit(remote, home, candidate.folder, published, new_files, report)
    try:
        _finish(home, candidate.folder, published)
    except StorageError as error:
        raise StorageError(
            f"Release {published.number} is published in {remote.url}; only the cache on this machine does not have it "
            f"yet: {error}. The next command brings it"
        ) from error
    return published


def _finish(home: Path, folder: Path, published: Manifest) -> None:
    _rename(home, folder, published.number)
    point_current(home, published.number)
    durable.remove_tree(home / "staging" / check_label("run", published.run))


def point_current(home: Path, number: int) -> None:
    """Moves the convenience link, if it does not point there already."""
    link, target = home / history.CURRENT, f"releases/{number:08d}"
    if not link.is_symlink() or str(link.readlink()) != target:
        durable.point(link, target)


def _check_verdict(candidate: Candidate, verdict: Mapping[str, Any]) -> None:
    if verdict.get("passed") is not True:
        raise GateRefused("The audit did not pass: nothing is published. `holdfast check` says what and where")
    content = manifest.content_digest(candidate.manifest.schemas, candidate.files)
    if not verdict.get("digest") or verdict["digest"] != content or candidate.digest != content:
        raise GateRefused(
            "The verdict is not about this candidate: nothing is published. Run again, so that it is judged as it is"
        )


def _check_base(candidate: Candidate, head: Manifest | None) -> None:
    number = head.number if head else None
    if candidate.base != number:
        raise PublishConflict.lost_to(number, candidate.base)


def _with_results(home: Path, folder: Path, release: Manifest) -> tuple[Manifest, list[DataFile]]:
    """The release with the results of its own verdict in its history of them, and the new file of that."""
    from warehouse import results

    added = results.of_release(home, release)
    if added is None:
        return release, []
    with durable.explained("replace", folder / added.link):
        (folder / added.link).unlink(missing_ok=True)
    links.make(home, folder, [added])
    others = (file for file in release.files if file.key != added.key)
    return replace(release, files=tuple(sorted((*others, added)))), [added]


def _check_content(home: Path, candidate: Candidate, new_files: Iterable[DataFile]) -> None:
    # The history of results is this module's own: a publish that failed half-way may have linked its month already.
    published = [file for file in candidate.manifest.published() if file.table != RESULTS]
    own = {f"{RESULTS}/{MONTH}{candidate.manifest.watermark[:7]}/data.parquet"}
    own |= {file.link for file in candidate.manifest.published(RESULTS)}
    wrong = links.problems(home, candidate.folder, published, _OWN_FILES | own)
    paths = [(home / file.path, file.sha256) for file in new_files]
    wrong += [f"{path} was altered" for path, sha256 in paths if durable.digest(path) != sha256]
    if wrong:
        raise GateRefused("The candidate is no longer what was judged: nothing is published.\n  " + "\n  ".join(wrong))


def _new_files(candidate: Candidate, head: Manifest | None, trusted: Manifest | None) -> list[DataFile]:
    known = {file for release in (head, trusted) if release for file in release.files}
    return [file for file in candidate.files if file not in known]


def _settle(home: Path, candidate: Candidate, published: Manifest, new_files: Iterable[DataFile]) -> None:
    """Completes the folder, then makes it and every new data file durable, contents before the names of them."""
    folder = candidate.folder
    database = folder / views.NAME
    with durable.explained("write", database):
        for rest in (database, folder / views.UNFINISHED):
            rest.unlink(missing_ok=True)
    views.write(database, home, published)
    durable.make_folder(home / "releases")
    data = {home / file.path for file in new_files}
    above = {parent for path in data for parent in path.parents if parent.is_relative_to(home)}
    durable.sync_all({*data, *above, database, *links.folders(folder), home / "releases", home, home.parent})
    for record in (RECORD, VERDICT):
        (folder / record).unlink(missing_ok=True)
    durable.write(folder / manifest.NAME, manifest.to_bytes(published), mode=durable.READ_ONLY)


def _rename(home: Path, folder: Path, number: int) -> None:
    target = history.folder_of(home, number)
    with durable.explained("publish", target):
        folder.rename(target)
    durable.sync(home / "releases")
    durable.sync(home / "staging")
