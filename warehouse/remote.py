"""The one door to an object store: list, read, write, create if absent, delete. It and `remote_errors` import obstore.

What the objects mean is none of this module's business. obstore is imported when a store is first asked, so that a
warehouse in a folder never loads it; it takes credentials from the environment, and what it says of a failure reaches
nobody: a StorageError is raised that says what to do, without a trace of the original.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from warehouse import address
from warehouse.errors import StorageError
from warehouse.remote_errors import AbsentError, ExistsError, told

if TYPE_CHECKING:
    from obstore.store import ObjectStore

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
CHUNK_BYTES = 4 << 20
PARTS_AT_ONCE = 2
RETRIES = 5
PROBES = "probes"


@dataclass(frozen=True, slots=True)
class Item:
    """An object in a list: its key below the root, its size, and when it was written by the store's clock."""

    key: str
    bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Remote:
    """A store's folder by its address. Every method raises StorageError where the store fails or refuses."""

    url: str

    def address(self, key: str) -> str:
        """What a reader opens that object by."""
        return f"{self.url}/{key}"

    def items(self, folder: str) -> list[Item]:
        """Every object below that folder, sorted by key."""
        import obstore

        def look() -> list[Item]:
            batches = obstore.list(_store(self.url), prefix=folder)
            return [Item(one["path"], one["size"], one["last_modified"]) for batch in batches for one in batch]

        return sorted(self._ask("list", folder, look), key=lambda item: item.key)

    def read(self, key: str) -> bytes:
        """The whole object."""
        import obstore

        return self._ask("read", key, lambda: bytes(obstore.get(_store(self.url), key).bytes()))

    def holds(self, key: str, content: bytes) -> bool:
        """Whether there is such an object with exactly this content."""
        try:
            return self.read(key) == content
        except AbsentError:
            return False

    def chunks(self, key: str) -> Iterator[bytes]:
        """The object a few megabytes at a time."""
        import obstore

        stream = iter(
            self._ask("read", key, lambda: obstore.get(_store(self.url), key).stream(min_chunk_size=CHUNK_BYTES))
        )
        while (chunk := self._ask("read", key, lambda: next(stream, None))) is not None:
            yield bytes(chunk)

    def create(self, key: str, content: bytes) -> bool:
        """Writes the object if there is none of that key, in one step; whether it did."""
        import obstore

        try:
            self._ask("write", key, lambda: obstore.put(_store(self.url), key, content, mode="create"))
        except ExistsError:
            return False
        return True

    def replace(self, key: str, content: bytes) -> None:
        """Writes the object, whatever was there."""
        import obstore

        self._ask("write", key, lambda: obstore.put(_store(self.url), key, content))

    def upload(self, key: str, path: Path) -> None:
        """Writes the file's bytes as that object."""
        import obstore

        self._ask("write", key, lambda: obstore.put(_store(self.url), key, path, max_concurrency=PARTS_AT_ONCE))

    def delete(self, keys: Collection[str]) -> None:
        """Deletes these objects; those that are gone already are fine."""
        import obstore

        for key in sorted(keys):
            try:
                self._ask("delete", key, lambda key=key: obstore.delete(_store(self.url), key))  # type: ignore[misc]
            except AbsentError:
                continue

    def honours_create(self) -> bool:
        """Whether the store refuses to create what is there already: without that, two publishers could both win."""
        key = f"{PROBES}/{uuid.uuid4().hex}"
        try:
            return self.create(key, b"first") and not self.create(key, b"second") and self.holds(key, b"first")
        finally:
            self.delete([key])

    def now(self) -> datetime:
        """The time by the store's clock, which is the one its objects are dated by."""
        key = f"{PROBES}/{uuid.uuid4().hex}"
        self.replace(key, b"")
        written = [item.modified for item in self.items(PROBES) if item.key == key]
        self.delete([key])
        if not written:
            raise StorageError(f"{self.url} does not list an object it has just taken: it is no store for a warehouse")
        return written[0]

    def _ask(self, action: str, key: str, question: Callable[[], Result]) -> Result:
        from obstore.exceptions import BaseError

        try:
            return question()
        except (BaseError, OSError, ValueError) as error:
            failure = told(action, self.url, key, error)
        # Outside of the handler: the store's own words, which may hold credentials, are not even its context.
        raise failure


@cache
def _store(url: str) -> ObjectStore:
    from obstore.store import from_url

    return from_url(
        url,
        client_options={
            "connect_timeout": timedelta(seconds=10),
            "timeout": timedelta(minutes=5),
            # Options given here replace those of the environment, where only this one belongs.
            "allow_http": address.allows_http(url),
        },
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": timedelta(minutes=1),
            "backoff": {
                "base": 2,
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=5),
            },
        },
    )
