"""Which files of a candidate the release it builds on was judged with, by the very rules of today.

Such a file cannot change (its name is never used again), so a verdict about it still holds. Here is only decided
whether; what is not looked at again because of it is in audit.py. In doubt everything is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from quality.rules import rules_of
from warehouse.manifest import DataFile, Manifest
from warehouse.table import Table

KEY = "judged_by"
_FOLDER = Path(__file__).parent


def rules(tables: Mapping[str, Table], candidate: Manifest) -> str:
    """A digest of all that a verdict depends on, contents apart: code, configuration, declarations, the gate itself."""
    declared = [
        (name, rules_of(table), [str(one.compute()) for one in table.ratios]) for name, table in sorted(tables.items())
    ]
    said = f"{_gate()} {candidate.code_version} {candidate.config_version} {declared!r}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def files(head: Manifest | None, by: str, candidate: Manifest) -> frozenset[DataFile]:
    """The published files that candidate and head share, where the head's own verdict passed them by these rules."""
    if head is None or head.verdict.get("passed") is not True or head.verdict.get(KEY) != by:
        return frozenset()
    return frozenset(head.published()) & frozenset(candidate.published())


@cache
def _gate() -> str:
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
