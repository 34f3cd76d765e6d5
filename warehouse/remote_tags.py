"""Names for releases of an object store that must stay: an object each, with the release's number in it."""

from __future__ import annotations

from warehouse import remote_history
from warehouse.errors import StorageError, UsageError
from warehouse.names import check_label
from warehouse.remote import Remote
from warehouse.remote_errors import AbsentError


def tag(remote: Remote, name: str, number: int) -> None:
    """Gives the release that name; a tag that exists stays where it is. Raises UsageError, StorageError."""
    key = _key(name)
    _check_live(remote, number)
    if not remote.create(key, str(number).encode()) and (present := _number(remote, key)) != number:
        raise UsageError(f"The tag {name} is on release {present}: remove it first, or take another name")
    try:
        _check_live(remote, number)
    except UsageError:
        remote.delete([key])  # it expired meanwhile, and whoever let it go may not have seen the tag
        raise


def untag(remote: Remote, name: str) -> None:
    """Takes the name away; the release may be collected then. Raises UsageError where there is no such tag."""
    present = tags(remote)
    if name not in present:
        raise UsageError(f"There is no tag {name}; there are: {', '.join(present) or 'none'}")
    remote.delete([_key(name)])


def tags(remote: Remote) -> dict[str, int]:
    """The tags with the numbers of their releases, by name. Raises StorageError."""
    names = [item.key.removeprefix(f"{remote_history.TAGS}/") for item in remote.items(remote_history.TAGS)]
    found = {name: _number(remote, _key(name)) for name in names}
    return {name: number for name, number in found.items() if number is not None}


def _key(name: str) -> str:
    return f"{remote_history.TAGS}/{check_label('tag', name)}"


def _number(remote: Remote, key: str) -> int | None:
    try:
        content = remote.read(key)
    except AbsentError:
        return None  # taken away since it was listed
    if not content.isdigit():
        raise StorageError(f"{remote.address(key)} does not hold the number of a release: delete it and tag again")
    return int(content)


def _check_live(remote: Remote, number: int) -> None:
    live = remote_history.look(remote).live
    if number not in live:
        raise UsageError(f"There is no release {number} to tag; the store holds {len(live)}")
