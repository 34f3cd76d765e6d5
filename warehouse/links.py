"""The folder of a release as plain tools see it: hard links of the published files, table by table.

The manifest says what must be there, so a tree can be dropped and made again at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from warehouse import durable
from warehouse.errors import StorageError
from warehouse.manifest import DataFile
from warehouse.names import check_data_path


def make(home: Path, folder: Path, files: Iterable[DataFile]) -> None:
    """Links each published file to its place below `folder`; links that are there already stay. Raises StorageError."""
    for file in files:
        source, target = home / check_data_path(file.path), folder / file.link
        durable.make_folder(target.parent)
        with durable.explained("make a hard link (both in one file system that has them) at", target):
            try:
                os.link(source, target, follow_symlinks=False)
            except FileExistsError:
                if not os.path.samestat(source.lstat(), target.lstat()):
                    raise


def problems(home: Path, folder: Path, files: Iterable[DataFile], others: Iterable[str] = ()) -> list[str]:
    """What `differences` finds, in words."""
    return [f"{path} {problem}" for path, problem in differences(home, folder, files, others)]


def differences(
    home: Path, folder: Path, files: Iterable[DataFile], others: Iterable[str] = ()
) -> list[tuple[Path, str]]:
    """What is wrong with a tree, and where: links missing or not to the manifest's file, and files it does not know.

    `others` are the names of files that may lie beside the tables.
    """
    expected = {file.link: file for file in files}
    found = set(_files_below(folder))
    unknown = sorted(found - expected.keys() - set(others))
    wrong = [(folder / name, "is not known to the manifest") for name in unknown]
    for link, file in expected.items():
        if link not in found:
            wrong.append((folder / link, "is missing"))
        elif not _is_same(home / file.path, folder / link):
            wrong.append((folder / link, f"is not the file {file.path}"))
    return wrong


def folders(folder: Path) -> Iterator[Path]:
    """The folder and all folders below it."""
    yield folder
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from folders(Path(entry.path))


def _files_below(folder: Path, prefix: str = "") -> Iterator[str]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path), f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise StorageError(f"Cannot read the folder {folder}: {error.strerror}") from error


def _is_same(first: Path, second: Path) -> bool:
    try:
        return os.path.samestat(first.lstat(), second.lstat())
    except FileNotFoundError:
        return False
