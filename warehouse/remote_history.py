"""Which releases an object store holds, and the keys it keeps them under.

A release is there if its manifest is: it is written once, by a conditional create, and its number is never free again.
One that has expired has a mark beside it; one that was collected has a few fixed bytes in the manifest's place. Lists
alone tell all of this, so that looking costs two requests, whatever is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from warehouse import manifest
from warehouse.candidate import PAGE
from warehouse.errors import StorageError
from warehouse.manifest import Manifest
from warehouse.names import check_partition, check_word
from warehouse.remote import Item, Remote

# Shorter than any manifest, of which the checksum alone has more.
COLLECTED = b'{"collected": true}\n'
RELEASES, EXPIRED, DATA, TAGS = "releases", "expired", "data", "tags"
_MANIFEST = re.compile(rf"{RELEASES}/(\d{{8,}})/{re.escape(manifest.NAME)}")
_MARK = re.compile(rf"{EXPIRED}/(\d{{8,}})-(\d{{8}}T\d{{12}}Z)")
_STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Listed:
    """`live` has the size of every manifest that can be read, `marks` the mark of every release that expired."""

    live: Mapping[int, int]
    marks: Mapping[int, Item]
    collected: frozenset[int]

    @property
    def newest(self) -> int | None:
        return max(self.live, default=None)

    @property
    def next_number(self) -> int:
        return max((*self.live, *self.marks, *self.collected), default=0) + 1

    @property
    def published_at(self) -> dict[int, str]:
        """When those that expired were published."""
        return {number: _published_at(item.key) for number, item in self.marks.items()}


def key_of(number: int) -> str:
    """The key of that release's manifest."""
    return f"{RELEASES}/{number:08d}/{manifest.NAME}"


def page_of(number: int) -> str:
    """The key of the page of that release's verdict; not every release has one."""
    return f"{RELEASES}/{number:08d}/{PAGE}"


def mark_of(number: int, published_at: str) -> str:
    """The key of the mark that says that release has expired; the time is in it, as `history.stamp` writes it."""
    moment = datetime.fromisoformat(published_at).astimezone(UTC)
    return f"{EXPIRED}/{number:08d}-{moment:{_STAMP}}"


def look(remote: Remote) -> Listed:
    """What the store holds now; objects with other names are not looked at. Raises StorageError."""
    # Marks first: what expires in between is then taken for live a little longer, never lost sight of.
    marks = {int(found[1]): item for item in remote.items(EXPIRED) if (found := _MARK.fullmatch(item.key))}
    sizes = {int(found[1]): item.bytes for item in remote.items(RELEASES) if (found := _MANIFEST.fullmatch(item.key))}
    collected = frozenset(number for number, size in sizes.items() if size == len(COLLECTED))
    live = {number: size for number, size in sizes.items() if number not in collected and number not in marks}
    return Listed(live, marks, collected)


def read(remote: Remote, number: int) -> tuple[Manifest, bytes]:
    """A release's manifest, and its bytes. Raises StorageError where it is damaged or a name in it leads elsewhere."""
    origin = remote.address(key_of(number))
    content = remote.read(key_of(number))
    release = manifest.from_bytes(content, origin)
    if release.number != number:
        raise StorageError(f"{origin} is the manifest of release {release.number}: nothing of it is taken")
    # Paths of the files are checked by from_bytes; these become paths, too, where the release is laid out.
    for layer, table, partition in {file.key for file in release.files}:
        check_word("layer", layer)
        check_word("table", table)
        check_partition(partition)
    for table in release.schemas:
        check_word("table", table)
    return release, content


def _published_at(mark: str) -> str:
    found = _MARK.fullmatch(mark)
    assert found is not None
    return f"{datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
