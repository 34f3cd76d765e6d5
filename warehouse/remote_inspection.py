"""Whether an object store still holds what was published in it: every listed file, byte for byte if asked.

Looks only. Objects that no release lists may be another publisher's upload: a collection knows when they are old.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from warehouse import history, manifest, remote_history, transfers
from warehouse.errors import StorageError
from warehouse.inspection import Finding, Inspection
from warehouse.manifest import DataFile, Manifest
from warehouse.remote import Remote
from warehouse.transfers import Report, quiet


def inspect_remote(home: Path, remote: Remote, *, deep: bool, report: Report = quiet) -> Inspection:
    """Looks at every release; `deep` reads every byte of the store once, else sizes must do. Raises StorageError."""
    releases, findings = _manifests(home, remote)
    users: dict[DataFile, list[int]] = {}
    for release in releases:
        for file in release.files:
            users.setdefault(file, []).append(release.number)
    sizes = {item.key: item.bytes for item in remote.items(remote_history.DATA)}
    wrong = {file: problem for file in users if (problem := _problem(file, sizes.get(file.path)))}
    if deep:
        rest = sorted(users.keys() - wrong.keys())
        transfers.each(rest, lambda file: _read(remote, file, wrong), transfers.of_files("reading", rest, report))
    findings += [Finding(remote.address(file.path), wrong[file], tuple(users[file])) for file in sorted(wrong)]
    hurt = {number for finding in findings for number in finding.releases}
    known = history.numbers(home)
    return Inspection(tuple(findings), tuple(number for number in known if number not in hurt))


def _manifests(home: Path, remote: Remote) -> tuple[list[Manifest], list[Finding]]:
    whole, findings = [], []
    for number in history.numbers(home):
        try:
            release, content = remote_history.read(remote, number)
        except StorageError as error:
            findings.append(Finding(remote.address(remote_history.key_of(number)), str(error), (number,)))
            continue
        whole.append(release)
        if content != history.path_of(home, number).read_bytes():
            findings.append(Finding(history.path_of(home, number), "is not what the store holds", (number,)))
        if manifest.content_digest(release.schemas, release.files) != release.content_digest:
            address = remote.address(remote_history.key_of(number))
            findings.append(Finding(address, "does not list the content it was published with", (number,)))
    return whole, findings


def _problem(file: DataFile, size: int | None) -> str | None:
    if size is None:
        return "is missing"
    return None if size == file.bytes else f"has {size} bytes instead of {file.bytes}"


def _read(remote: Remote, file: DataFile, wrong: dict[DataFile, str]) -> None:
    digest = hashlib.sha256()
    for chunk in remote.chunks(file.path):
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        wrong[file] = "was altered: its sha256 is another"
