"""The warehouse as one run leaves it: the files of its base release, some partitions replaced.

A draft lies on disk, so that every step of a run, in whatever process, sees what the earlier ones left. It is nobody
else's business and never published itself: `Releases.stage` makes a candidate from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from warehouse import durable, history
from warehouse.errors import StorageError
from warehouse.manifest import DataFile, Manifest
from warehouse.names import check_inside, check_label, check_partition, check_word

# What one run touched is said once: it is not true of the next run, which starts from this one's notes.
NOTES_OF_ONE_RUN = ("touched_from",)


class Draft:
    """Use `open_or_create`. Files are looked up by layer and table, partition by partition."""

    def __init__(self, home: Path, run_id: str, base: Manifest | None) -> None:
        self.home = home
        self.run_id = run_id
        self.base = base
        self.folder = home / "staging" / check_label("run", run_id)
        self._parsed: dict[Path, tuple[tuple[int, int, int], dict[str, Any]]] = {}

    @staticmethod
    def open_or_create(home: Path, run_id: str, base: Manifest | None) -> Draft:
        """The draft of that run; `base` counts only when it is made: a draft keeps the base it began from."""
        home = Path(home).absolute()
        draft = Draft(home, run_id, base)
        check_inside(home, draft.folder)
        record = draft.folder / "draft.json"
        if not record.exists():
            durable.make_folder(draft.folder / "changes")
            _write_json(record, {"base": base.number if base else None})
            return draft
        number = _read_json(record)["base"]
        if number == (base.number if base else None):
            return draft
        return Draft(home, run_id, None if number is None else history.get(home, number))

    def put(
        self,
        layer: str,
        table: str,
        changes: Mapping[str, DataFile | None],
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Replaces (or with None removes) partitions of one table; replaces what this run put there before.

        Raises StorageError where a file is not one of that partition.
        """
        for partition, file in changes.items():
            check_partition(partition)
            if file is not None and file.key != (layer, table, partition):
                raise StorageError(f"{file.path} belongs to {file.key}, not to {(layer, table, partition)}")
        values = {partition: None if file is None else _to_list(file) for partition, file in changes.items()}
        kept_notes = None if notes is None else dict(notes)
        record = {"layer": layer, "table": table, "changes": values, "notes": kept_notes}
        _write_json(self._record(layer, table), record)

    def files(self, layer: str, table: str) -> dict[str, DataFile]:
        """The table's files by partition, in order of the partitions: the base's with this run's changes over them."""
        found = dict(self._base_files.get((layer, table), {}))
        for partition, file in self._changes(layer, table).items():
            if file is None:
                found.pop(partition, None)
            else:
                found[partition] = file
        return dict(sorted(found.items()))

    def changed(self, layer: str, table: str) -> set[str]:
        """The partitions whose content differs from the base's, those that are gone included."""
        before, after = self._base_files.get((layer, table), {}), self.files(layer, table)
        return {
            partition
            for partition in before.keys() | after.keys()
            if _content(before.get(partition)) != _content(after.get(partition))
        }

    def notes(self, table: str) -> dict[str, Any]:
        """What this run, or else an earlier one, noted of a table; what an earlier run touched is left out (None)."""
        return self._noted().get(table, {})

    def all_notes(self) -> dict[str, dict[str, Any]]:
        """The notes of every table that has some."""
        return {table: notes for table, notes in sorted(self._noted().items()) if notes}

    def all_files(self) -> tuple[DataFile, ...]:
        """Every file of every layer, sorted."""
        tables = {(record["layer"], record["table"]) for record in self._records()} | self._base_files.keys()
        return tuple(sorted(file for layer, table in tables for file in self.files(layer, table).values()))

    def set_plan(self, plan: Mapping[str, Any]) -> None:
        """Keeps what the run decided at its start (JSON values only) for its later steps."""
        _write_json(self.folder / "plan.json", dict(plan))

    def plan(self) -> dict[str, Any] | None:
        path = self.folder / "plan.json"
        return dict(_read_json(path)) if path.exists() else None

    def discard(self) -> None:
        """Gives the draft up. The empty folder that stays tells the next run to sweep the files only it named."""
        durable.empty_folder(self.folder)

    @cached_property
    def _base_files(self) -> dict[tuple[str, str], dict[str, DataFile]]:
        found: dict[tuple[str, str], dict[str, DataFile]] = {}
        for file in self.base.files if self.base else ():
            found.setdefault((file.layer, file.table), {})[file.partition] = file
        return found

    def _noted(self) -> dict[str, dict[str, Any]]:
        inherited = {
            table: dict(notes) | {key: None for key in NOTES_OF_ONE_RUN if key in notes}
            for table, notes in (self.base.notes if self.base else {}).items()
        }
        own = {one["table"]: dict(one["notes"]) for one in reversed(self._records()) if one["notes"] is not None}
        return inherited | own

    def _record(self, layer: str, table: str) -> Path:
        return self.folder / "changes" / f"{check_word('layer', layer)}.{check_word('table', table)}.json"

    def _read(self, path: Path) -> dict[str, Any]:
        """The record, parsed again only where it was replaced since: every step asks for the same ones many times."""
        found = path.stat()
        written = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._parsed.get(path)
        if known is None or known[0] != written:
            known = self._parsed[path] = (written, _read_json(path))
        return known[1]

    def _records(self) -> list[dict[str, Any]]:
        return [self._read(path) for path in sorted((self.folder / "changes").glob("[!.]*.json"))]

    def _changes(self, layer: str, table: str) -> dict[str, DataFile | None]:
        path = self._record(layer, table)
        changes = self._read(path)["changes"] if path.exists() else {}
        return {partition: None if file is None else DataFile(*file) for partition, file in changes.items()}


def _content(file: DataFile | None) -> str | None:
    return file.sha256 if file else None


def _to_list(file: DataFile) -> list[str | int]:
    return [file.layer, file.table, file.partition, file.path, file.rows, file.bytes, file.sha256]


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    # Not synced: nobody goes on with a draft after a power cut. Without line breaks it is written ten times as fast.
    durable.write(path, json.dumps(value, sort_keys=True).encode(), sync=False)


def _read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_bytes())
    return values
