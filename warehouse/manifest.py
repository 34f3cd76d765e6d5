"""What a release holds, as data: its files, schemas, verdict and times, and the JSON they are kept in.

Reading a manifest must stay cheap (no Polars, no DuckDB here): it is all that a run without news does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from warehouse import durable
from warehouse.errors import StorageError
from warehouse.names import WHOLE, check_data_path

FORMAT = 1
NAME = "_manifest.json"
HISTORIES = "histories"
PUBLISHED_LAYERS = ("metrics", HISTORIES)
# What was found about a content is not part of it: a verdict cannot be about itself.
RESULTS = "quality_results"
_ADVICE = "`holdfast doctor --deep` says which release is whole"
_FILES = b',\n"files": ['
_TAIL = re.compile(rb',\n"checksum": "([0-9a-f]{64})"\n}\n\Z')
_PATH = re.compile(rb'"path": "(data/[^"]+)"')


@dataclass(frozen=True, slots=True, order=True)
class DataFile:
    """One immutable Parquet file; `path` is relative to the warehouse's home, `bytes` its size."""

    layer: str
    table: str
    partition: str
    path: str
    rows: int
    bytes: int
    sha256: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.layer, self.table, self.partition

    @property
    def link(self) -> str:
        """Where a published file is found in the folder of its release; the same in every warehouse."""
        folder = self.table if self.partition == WHOLE else f"{self.table}/{self.partition}"
        return f"{folder}/data.parquet"


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A delivery that came after the content a rollback restored: left alone until it is asked for again."""

    source: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one release. Times are ISO UTC with a Z, days ISO dates.

    `first_day` is where the recomputed range began; `schemas` holds per published table its columns in order (name,
    Arrow type, description, unit, is_key), `descriptions` its own; `changed` per `layer/table` how many partitions
    differ from the base; `run` the run that made it.
    """

    number: int
    base: int | None
    published_at: str
    watermark: str
    first_day: str | None
    time_zone: str
    code_version: str
    config_version: str
    content_digest: str
    reason: str
    run: str
    files: tuple[DataFile, ...]
    schemas: Mapping[str, list[dict[str, Any]]]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    verdict: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    format: int = FORMAT

    def of(self, layer: str, table: str | None = None) -> list[DataFile]:
        """The files of a layer, or of one of its tables, sorted by table and partition."""
        return [file for file in self.files if file.layer == layer and (table is None or file.table == table)]

    def by_partition(self, layer: str, table: str) -> dict[str, DataFile]:
        """The files of a table by the name of their partition."""
        return {file.partition: file for file in self.of(layer, table)}

    def published(self, table: str | None = None) -> list[DataFile]:
        """The files of the published tables, or of one of them."""
        return [file for layer in PUBLISHED_LAYERS for file in self.of(layer, table)]


def content_digest(schemas: Mapping[str, list[dict[str, Any]]], files: Iterable[DataFile]) -> str:
    """What the verdict is bound to: tables and contents; no number, time or file name, and not what verdicts found."""
    contents = sorted([*file.key, file.rows, file.bytes, file.sha256] for file in files if file.table != RESULTS)
    return hashlib.sha256(json.dumps([schemas, contents], sort_keys=True).encode()).hexdigest()


def to_bytes(manifest: Manifest) -> bytes:
    """JSON, one line per file, with a checksum of all that comes before it as the last key."""
    header = {f.name: getattr(manifest, f.name) for f in fields(Manifest) if f.name not in ("files", "held")}
    header["held"] = [asdict(held) for held in manifest.held]
    lines = [f"{json.dumps(key)}: {json.dumps(header[key])}" for key in sorted(header)]
    names = [f.name for f in fields(DataFile)]
    files = ",\n".join(json.dumps({name: getattr(file, name) for name in names}) for file in sorted(manifest.files))
    body = ("{\n" + ",\n".join(lines) + f',\n"files": [\n{files}\n]').encode()
    return body + b',\n"checksum": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'


def from_bytes(content: bytes, origin: Path | str) -> Manifest:
    """Raises StorageError where the content is truncated, altered, or of a newer format."""
    _check_sum(content, origin)
    return _from_json(content, origin)


def _from_json(content: bytes, origin: Path | str) -> Manifest:
    values = json.loads(content)
    if values["format"] > FORMAT:
        raise StorageError(f"{origin} has format {values['format']}, this Holdfast reads up to {FORMAT}: upgrade it")
    values.pop("checksum", None)
    values["files"] = tuple(DataFile(**file) for file in values["files"])
    values["held"] = tuple(Held(**held) for held in values["held"])
    for file in values["files"]:
        check_data_path(file.path)
    return Manifest(**values)


def read(path: Path) -> Manifest:
    """The manifest at that path, read once while it lies there as it is; raises StorageError where it is missing or
    damaged."""
    try:
        identity = durable.identity(path)
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror}. {_ADVICE}") from error
    return _read(path, identity)


def read_header(path: Path) -> Manifest:
    """The manifest without its files, several times faster than reading it; raises StorageError as `read`."""
    content = _content(path)
    _check_sum(content, path)
    header, files, _ = content.partition(_FILES)
    return _from_json(header + files + b"]}", path)


def referenced_paths(path: Path) -> set[str]:
    """Only the data files a manifest names, several times faster than reading it; raises StorageError as `read`."""
    content = _content(path)
    _check_sum(content, path)
    return {match.decode() for match in _PATH.findall(content, content.index(_FILES))}


@lru_cache(maxsize=4)
def _read(path: Path, _identity: durable.Identity) -> Manifest:
    return from_bytes(_content(path), path)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror}. {_ADVICE}") from error


def _check_sum(content: bytes, origin: Path | str) -> None:
    tail = _TAIL.search(content, max(0, len(content) - 200))
    if tail is None or hashlib.sha256(content[: tail.start()]).hexdigest().encode() != tail[1]:
        raise StorageError(f"{origin} is truncated or was altered. {_ADVICE}")
