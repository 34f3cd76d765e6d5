"""A candidate: what a run would publish, laid out like a release, for the audit to read.

Here a draft becomes a candidate. Whether it may be published is for the verdict, and publishing for `commit`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse import deliveries, durable, links, manifest, schema_changes
from warehouse.code import code_version
from warehouse.draft import Draft
from warehouse.manifest import PUBLISHED_LAYERS, DataFile, Manifest
from warehouse.names import check_inside

if TYPE_CHECKING:
    from warehouse.config import Config
    from warehouse.table import Table

RECORD = "candidate.json"
VERDICT = "verdict.json"
PAGE = "quality.html"


@dataclass(frozen=True, slots=True)
class Candidate:
    """`manifest` is the one it would be published with: without verdict, its number and time still to be settled."""

    folder: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        return self.manifest.content_digest

    @property
    def files(self) -> tuple[DataFile, ...]:
        return self.manifest.files

    @property
    def base(self) -> int | None:
        return self.manifest.base

    def record_verdict(self, verdict: Mapping[str, Any]) -> None:
        """Keeps the verdict beside the candidate. Raises StorageError."""
        durable.write(self.folder / VERDICT, json.dumps(verdict, indent=1).encode())

    def record_page(self, page: str) -> None:
        """Keeps the page of the verdict beside the candidate; a release keeps it. Raises StorageError."""
        durable.write(self.folder / PAGE, page.encode())

    def discard(self) -> None:
        """Gives the candidate up. The empty folder that stays tells the next run to sweep the files only it named."""
        durable.empty_folder(self.folder)

    def verdict(self) -> dict[str, Any] | None:
        """The verdict kept beside the candidate; None where it was never judged."""
        path = self.folder / VERDICT
        return dict(json.loads(path.read_bytes())) if path.exists() else None


def read(folder: Path) -> Candidate:
    """The candidate kept in that folder; raises StorageError where there is none or it is damaged."""
    return Candidate(folder, manifest.read(folder / RECORD))


def place(home: Path, proposal: Manifest) -> Candidate:
    """Lays the proposal out in a new staging folder. Raises StorageError."""
    folder = check_inside(home, home / "staging" / uuid.uuid4().hex)
    durable.make_folder(folder)
    links.make(home, folder, proposal.published())
    durable.write(folder / RECORD, manifest.to_bytes(proposal))
    return Candidate(folder, proposal)


def propose(
    draft: Draft,
    tables: Mapping[str, Table],
    *,
    watermark: date | str,
    first_day: date | str | None,
    config: Config,
    reason: str,
    staged_at: str,
) -> Manifest:
    """The manifest the draft would be published with: published tables that are no longer declared are left out.

    Raises StorageError where a table changed its columns or types without all its partitions following, or without a
    migration of it being declared.
    """
    files = tuple(file for file in draft.all_files() if file.layer not in PUBLISHED_LAYERS or file.table in tables)
    schemas = {name: columns_of(table) for name, table in sorted(tables.items())}
    base = draft.base
    if base is not None:
        schema_changes.check(base, tables, schemas, files)
    return Manifest(
        number=base.number + 1 if base else 1,
        base=base.number if base else None,
        published_at=staged_at,
        watermark=str(watermark),
        first_day=None if first_day is None else str(first_day),
        time_zone=config.time_zone,
        code_version=code_version(),
        config_version=config.version,
        content_digest=manifest.content_digest(schemas, files),
        reason=reason,
        run=draft.run_id,
        files=files,
        schemas=schemas,
        descriptions={name: table.description for name, table in sorted(tables.items())},
        changed=count_changes(base, files),
        notes=draft.all_notes(),
        held=deliveries.still_held(draft.home, base.held if base else (), files),
    )


def count_changes(base: Manifest | None, files: Collection[DataFile]) -> dict[str, int]:
    """Per `layer/table`, how many partitions have another content than in the base, appeared or went."""
    before = {(*file.key, file.sha256) for file in (base.files if base else ())}
    after = {(*file.key, file.sha256) for file in files}
    changed = sorted({(layer, table, partition) for layer, table, partition, _ in before ^ after})
    counts: dict[str, int] = {}
    for layer, table, _ in changed:
        counts[f"{layer}/{table}"] = counts.get(f"{layer}/{table}", 0) + 1
    return counts


def columns_of(table: Table) -> list[dict[str, Any]]:
    """The columns as a manifest lists them."""
    types = table.arrow_schema()
    keys = {column.name for column in table.keys}
    return [
        {
            "name": column.name,
            "type": str(types.field(column.name).type),
            "description": column.description,
            "unit": column.unit,
            "is_key": column.name in keys,
        }
        for column in table.all_columns
    ]
