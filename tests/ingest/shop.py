"""A warehouse that only takes files in: deliver files, take them in, look at the lake."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import ingest
from pipelines.intake import IngestResult
from pipelines.workspace import Workspace
from warehouse import catalog, config, ledger
from warehouse.contract import CONTRACTS
from warehouse.draft import Draft
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store


class Shop:
    """Each `take_in` is one run, and the base of the next."""

    def __init__(self, folder: Path, toml: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.head: Manifest | None = None
        self.draft: Draft | None = None
        self.configure(toml)

    def configure(self, toml: str) -> None:
        (self.folder / "holdfast.toml").write_text(toml)
        self.config = config.load(self.folder / "holdfast.toml")
        self.store = Store(self.config.home)

    def deliver(self, name: str, content: str | bytes | pl.DataFrame) -> Path:
        path = self.folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
            return path
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") and raw[:2] != b"\x1f\x8b" else raw)
        return path

    def take_in(self, *, again: tuple[date, date] | None = None, watermark: str = "") -> dict[str, IngestResult]:
        """One run over all sources; what it leaves is the head afterwards, up to the watermark."""
        number = self.head.number + 1 if self.head else 1
        draft = Draft.open_or_create(self.config.home, f"run-{number}", self.head)
        workspace = Workspace(
            self.config, catalog.load(), self.store, draft, Releases(self.config.home), self.lines.append
        )
        found = {source: ingest.take_in(workspace, source, again=again) for source in self.config.sources}
        self.draft = draft
        self.head = replace(_manifest(number, draft), watermark=watermark)
        return found

    def deliver_all(self, files: Mapping[str, str], order: Iterable[str], runs: int = 1) -> None:
        """The files in this order, with a run after each of the last so many."""
        names = list(order)
        for left, name in zip(reversed(range(len(names))), names, strict=True):
            self.deliver(name, files[name])
            if left < runs:
                self.take_in()

    def pending(self) -> list[str]:
        return [str(file) for file in ingest.pending(self.config, self.head).files]

    def lake(self, source: str, *, every_version: bool = False) -> pl.DataFrame:
        """The current rows of a source by file and row, or all versions."""
        return self.scan_lake(source, every_version=every_version).collect().sort("file", "row")

    def scan_lake(self, source: str, *, every_version: bool = False) -> pl.LazyFrame:
        """The same rows, not read yet and in no order."""
        assert self.head is not None
        schema = CONTRACTS[source].table.polars_schema()
        rows = self.store.scan(self.head.of("sources", source), schema)
        return rows if every_version else rows.filter("is_current")

    def quarantine(self, source: str) -> list[dict[str, Any]]:
        assert self.head is not None
        files = self.head.of("quarantine", source)
        return self.store.scan(files).collect().sort("file", "row").to_dicts() if files else []

    def ledger(self, source: str) -> dict[str, ledger.Line]:
        assert self.head is not None
        files = {file.partition: file for file in self.head.of("ledger", "files")}
        return ledger.read(self.store, files, source)

    def notes(self, source: str) -> dict[str, Any]:
        assert self.head is not None
        return dict(self.head.notes[source])


def _manifest(number: int, draft: Draft) -> Manifest:
    empty = Manifest(number, None, "", "", None, "UTC", "", "", "", "run", "", (), {})
    return replace(empty, files=draft.all_files(), notes=draft.all_notes())
