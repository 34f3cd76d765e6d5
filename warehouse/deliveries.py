"""Which deliveries a release has taken in, by its ledger, and which a rollback left behind.

Nothing here reads an inbox.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from warehouse.manifest import DataFile, Held, Manifest

LEDGER = ("ledger", "files")


def taken(home: Path, files: Iterable[DataFile]) -> set[Held]:
    """The deliveries in the ledger among these files."""
    ledger = [file for file in files if (file.layer, file.table) == LEDGER]
    if not ledger:
        return set()
    from warehouse.store import Store

    rows = Store(home).scan(ledger).select("source", "path", "sha256").collect()
    return {Held(*row) for row in rows.iter_rows()}


def still_held(home: Path, held: Collection[Held], files: Iterable[DataFile]) -> tuple[Held, ...]:
    """Those of the held deliveries that the ledger among these files has not taken."""
    return tuple(sorted(set(held) - taken(home, files))) if held else ()


def held_by_rollback(home: Path, head: Manifest, target: Manifest) -> tuple[Held, ...]:
    """What came after `target`: everything the head has taken or holds, and `target` has not taken."""
    later = taken(home, head.files) | set(head.held)
    return tuple(sorted(later - taken(home, target.files)))
