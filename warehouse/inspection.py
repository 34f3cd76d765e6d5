"""Whether what lies on disk is still what was published: every manifest, file and link, byte for byte if asked.

Looks only; what it finds is for a person, or `Releases.mend`, to act on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse import durable, history, links, manifest, views
from warehouse.candidate import PAGE
from warehouse.errors import StorageError
from warehouse.manifest import DataFile, Manifest
from warehouse.recover import data_files, referenced


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the file or object at `path`, and which releases it belongs to (none: it belongs nowhere)."""

    path: Path | str
    problem: str
    releases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All findings, and the numbers of the releases without any, ascending."""

    findings: tuple[Finding, ...]
    whole: tuple[int, ...]


def inspect(home: Path, *, deep: bool) -> Inspection:
    """Looks at every release; `deep` reads every byte of every data file once, else sizes must do."""
    manifests, findings = _read_manifests(home)
    users: dict[DataFile, list[int]] = {}
    for release in manifests:
        for file in release.files:
            users.setdefault(file, []).append(release.number)
    for file, numbers in sorted(users.items()):
        if wrong := _problem(home / file.path, file, deep):
            findings.append(Finding(home / file.path, wrong, tuple(numbers)))
    for release in manifests:
        findings += _folder_findings(home, release)
    if len(manifests) == len(history.numbers(home)):
        findings += _unknown(home)
    hurt = {number for finding in findings for number in finding.releases}
    return Inspection(tuple(findings), tuple(number for number in history.numbers(home) if number not in hurt))


def _read_manifests(home: Path) -> tuple[list[Manifest], list[Finding]]:
    whole, findings = [], []
    for number in history.numbers(home):
        path = history.path_of(home, number)
        try:
            release = manifest.read(path)
        except StorageError as error:
            findings.append(Finding(path, str(error), (number,)))
            continue
        whole.append(release)
        if release.number != number:
            findings.append(Finding(path, f"is the manifest of release {release.number}", (number,)))
        if manifest.content_digest(release.schemas, release.files) != release.content_digest:
            findings.append(Finding(path, "does not list the content it was published with", (number,)))
    return whole, findings


def _problem(path: Path, file: DataFile, deep: bool) -> str | None:
    try:
        size = path.lstat().st_size
    except OSError:
        return "is missing"
    if size != file.bytes:
        return f"has {size} bytes instead of {file.bytes}"
    if deep and durable.digest(path) != file.sha256:
        return "was altered: its sha256 is another"
    return None


def _folder_findings(home: Path, release: Manifest) -> Iterator[Finding]:
    folder = history.folder_of(home, release.number)
    own = {manifest.NAME, views.NAME, PAGE}
    dropped = not any(path.is_dir() for path in folder.iterdir())
    for link, problem in links.differences(home, folder, [] if dropped else release.published(), own):
        yield Finding(link, problem, (release.number,))
    if wrong := views.problem(folder / views.NAME, home, release):
        yield Finding(folder / views.NAME, wrong, (release.number,))


def _unknown(home: Path) -> Iterator[Finding]:
    present = set(data_files(home))
    for path in sorted(present - referenced(home, present)):
        yield Finding(home / path, "belongs to no release: the rest of an unfinished run, or put there by hand", ())
