"""States of which few rows are others, kept as a patch over the file they were in: only the new rows are written.

A what-if makes its states so. Nothing here belongs to a release, and nothing of it outlives the process that made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from warehouse.manifest import DataFile
from warehouse.store import Store


@dataclass(frozen=True, slots=True)
class Patch:
    """The rows of `over` that stay, and `rows`, a file of its own, in place of the others."""

    over: DataFile
    stays: pl.Expr
    rows: DataFile


class PatchedStore(Store):
    """A store that reads what it patched as if it had been written whole, in no order."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._patches: dict[str, Patch] = {}

    def patch(self, over: DataFile, stays: pl.Expr, rows: pl.DataFrame, schema: pa.Schema) -> DataFile:
        """A file that stands for those rows of `over` that stay and the new ones. Raises as `write`."""
        written = self.write(over.layer, over.table, over.partition, rows, schema)
        content = hashlib.sha256(f"{over.sha256} {written.sha256}".encode()).hexdigest()
        self._patches[content] = Patch(over, stays, written)
        return replace(written, rows=over.rows + written.rows, sha256=content)

    def scan(self, files: Iterable[DataFile], schema: pl.Schema | None = None) -> pl.LazyFrame:
        """As of any store, whether the files are patched or not."""
        files = list(files)
        patches = self.patches(files)
        if not patches:
            return super().scan(files, schema)
        whole = [file for file in files if file.sha256 not in self._patches]
        parts = [super().scan(whole, schema)] if whole else []
        for patch in patches:
            parts += [super().scan([patch.over]).filter(patch.stays), super().scan([patch.rows])]
        return pl.concat(parts)

    def patches(self, files: Iterable[DataFile]) -> list[Patch]:
        """Those of these files that are patched."""
        return [self._patches[file.sha256] for file in files if file.sha256 in self._patches]

    def beneath(self, files: Sequence[DataFile]) -> tuple[DataFile, ...]:
        """The files with what lies under a patch in its place."""
        return tuple(self._patches[file.sha256].over if file.sha256 in self._patches else file for file in files)
