"""Writes and reads the immutable Parquet files of every layer; nothing here knows which of them a release holds.

A file is written once under a name never used again. Its bytes follow from the frame and schema alone.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import durable, encodings, mirror
from warehouse.errors import StorageError
from warehouse.manifest import DataFile
from warehouse.names import check_data_path, check_inside, check_partition, check_word

digest_of = durable.digest
ROW_GROUP_SIZE = 131_072
_PATH = "_path"
# What only runs read is written to be written and read quickly; what is published, to be small.
_COMPACT_LAYERS = ("sources", "states")
# Of each of many files Polars reads so many last bytes to find its columns, and more where these say so: by default a
# quarter of a megabyte, which is more than most files here have.
_END_BYTES = 1 << 12
os.environ.setdefault("POLARS_CLOUD_FOOTER_READ_SIZE", str(_END_BYTES))


class Store:
    """The data files below `home`. Safe to use from several processes at once; picklable."""

    def __init__(self, home: Path) -> None:
        self.home = Path(home).absolute()
        self._safe_folders: set[Path] = set()

    def write(
        self,
        layer: str,
        table: str,
        partition: str,
        frame: pl.DataFrame,
        schema: pa.Schema | None = None,
        *,
        previous: DataFile | None = None,
        row_group_size: int = ROW_GROUP_SIZE,
    ) -> DataFile:
        """Keeps the frame as one file, in the order of its rows, and says where; `previous` if its content is the same.

        `schema` gives columns, order, types and descriptions. The file appears whole or not at all, read-only; commit
        makes it durable. Raises StorageError (disk full), ValueError (a null or type the schema does not allow).
        """
        folder = Path("data", check_word("layer", layer), check_word("table", table), check_partition(partition))
        content = _parquet(frame, schema, row_group_size, is_compact=layer in _COMPACT_LAYERS)
        digest = hashlib.sha256(content).hexdigest()
        if previous is not None and previous.sha256 == digest:
            return previous
        path = (folder / f"{uuid.uuid4().hex}.parquet").as_posix()
        file = DataFile(layer, table, partition, path, frame.height, len(content), digest)
        target = self.home / path
        check_inside(self.home, target)
        durable.make_folder(target.parent)
        durable.write(target, content, mode=durable.READ_ONLY, sync=False)
        return file

    def scan(self, files: Iterable[DataFile], schema: pl.Schema | None = None) -> pl.LazyFrame:
        """The rows of exactly these files; no files give an empty frame of `schema`.

        Where the warehouse is in an object store, those that are not here yet are brought.
        Raises StorageError where there is neither a file nor a schema, or a path leads out of the warehouse.
        """
        files = sorted(files)
        mirror.fetch(self.home, files)
        paths = [self.path(file) for file in files]
        if paths:
            return pl.scan_parquet(paths, glob=False, hive_partitioning=False)
        if schema is None:
            raise StorageError("No files to read, and no schema to make an empty table from")
        return pl.LazyFrame(schema=schema)

    def scan_with_partition(self, files: Iterable[DataFile], schema: pl.Schema) -> pl.LazyFrame:
        """As `scan`, with one more column: the `partition` that a row is in."""
        files = sorted(files)
        if not files:
            return pl.LazyFrame(schema={**schema, "partition": pl.String})
        names = {path: file.partition for path, file in self._named(files).items()}
        return _with_path(names).select(*schema, partition=pl.col(_PATH).replace_strict(names))

    def having(self, files: Iterable[DataFile], keep: Callable[[pl.LazyFrame], pl.LazyFrame]) -> list[DataFile]:
        """Those of the files that have a row which `keep` keeps. Of the others only what it looks at is read.

        Raises StorageError as `scan`.
        """
        named = self._named(sorted(files))
        if not named:
            return []
        return sorted(named[path] for path in keep(_with_path(named)).select(pl.col(_PATH).unique()).collect()[_PATH])

    def schemas(self, files: Iterable[DataFile]) -> dict[DataFile, pa.Schema]:
        """The schema of each file, with what is said in it; only the ends of the files are read.

        Raises StorageError as `scan`.
        """
        files = sorted(files)
        mirror.fetch(self.home, files)
        return {file: pq.read_schema(pa.BufferReader(_end(self.path(file)))) for file in files}

    def _named(self, files: Iterable[DataFile]) -> dict[str, DataFile]:
        """The files, which are brought, by their paths."""
        mirror.fetch(self.home, files)
        return {str(self.path(file)): file for file in files}

    def path(self, file: DataFile) -> Path:
        """The absolute path of the file; raises StorageError where a symbolic link or `..` leads elsewhere."""
        path = self.home / check_data_path(file.path)
        if path.parent not in self._safe_folders:
            check_inside(self.home, path.parent)
            self._safe_folders.add(path.parent)
        if not path.exists():
            mirror.fetch(self.home, [file])
        return path


def _with_path(paths: Iterable[str]) -> pl.LazyFrame:
    """The rows of these files, with the path of theirs."""
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False, include_file_paths=_PATH)


def _end(path: Path) -> bytes:
    """The end of a Parquet file, from where its description begins or before: as few bytes as that takes."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END_BYTES))
        end = file.read()
        length = int.from_bytes(end[-8:-4], "little") + 8
        if length > len(end):
            begin = max(0, size - length)
            file.seek(begin)
            end = file.read(size - len(end) - begin) + end
    return end


def _parquet(frame: pl.DataFrame, schema: pa.Schema | None, row_group_size: int, is_compact: bool) -> memoryview:
    if schema is not None and frame.columns != schema.names:
        frame = frame.select(schema.names)
    encoded: dict[str, Any] = (encodings.compact if is_compact else encodings.published)(frame)
    # One chunk per column: where chunks begin must not show in the bytes.
    arrow = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    if schema is not None:
        arrow = arrow.cast(schema)
    sink = pa.BufferOutputStream()
    pq.write_table(arrow, sink, compression="zstd", row_group_size=row_group_size, version="2.6", **encoded)
    return memoryview(sink.getvalue())
