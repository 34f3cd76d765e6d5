"""Names for releases that must stay: links below tags/, which plain tools can follow too."""

from __future__ import annotations

from pathlib import Path

from warehouse import durable, history
from warehouse.errors import UsageError
from warehouse.names import check_inside, check_label

_FOLDER = "tags"


def tag(home: Path, name: str, number: int) -> None:
    """Gives the release that name; a tag that exists stays where it is. Raises UsageError, StorageError."""
    link = _link(home, name)
    present = tags(home).get(name)
    if present is not None and present != number:
        raise UsageError(f"The tag {name} is on release {present}: remove it first, or take another name")
    history.get(home, number)
    durable.make_folder(link.parent)
    durable.point(link, f"../releases/{number:08d}")


def untag(home: Path, name: str) -> None:
    """Takes the name away; the release may be collected then. Raises UsageError where there is no such tag."""
    link = _link(home, name)
    if not link.is_symlink():
        raise UsageError(f"There is no tag {name}; there are: {', '.join(tags(home)) or 'none'}")
    with durable.explained("remove", link):
        link.unlink()
    durable.sync(link.parent)


def tags(home: Path) -> dict[str, int]:
    """The tags with the numbers of their releases, by name."""
    folder = home / _FOLDER
    links = sorted(path for path in folder.iterdir() if path.is_symlink()) if folder.is_dir() else []
    return {link.name: int(link.readlink().name) for link in links if link.readlink().name.isdecimal()}


def _link(home: Path, name: str) -> Path:
    return check_inside(home, home / _FOLDER) / check_label("tag", name)
