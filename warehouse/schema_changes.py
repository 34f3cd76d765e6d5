"""What may change in the columns of a published table: queries must not break, or change their meaning, unannounced.

A new column is nobody's loss. A lost or retyped one, and another grain, are refused until the table declares a
Migration. In one release a table has the same columns in all its files, so that it is always computed as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from warehouse.errors import StorageError
from warehouse.manifest import DataFile, Manifest

if TYPE_CHECKING:
    from warehouse.table import Migration, Table

Columns = list[dict[str, Any]]


def check(
    base: Manifest, tables: Mapping[str, Table], schemas: Mapping[str, Columns], files: Collection[DataFile]
) -> None:
    """Raises StorageError where a table's columns changed without a migration, or not in all of its partitions."""
    inherited = {file.table for file in base.published()} & {file.table for file in set(files) & set(base.files)}
    for name in sorted(base.schemas.keys() & schemas.keys()):
        before, after = base.schemas[name], schemas[name]
        lost, come = _breaking(_kinds(before), _kinds(after))
        if not _is_declared(lost, come, tables[name].migrations):
            raise StorageError(
                f"{name} is not what release {base.number} published: {_told(lost, come)}. Bring the columns back, or "
                f'declare it in the table: migrations=(Migration("why", before={lost}, after={come}),)'
            )
        if name in inherited and _types(before) != _types(after):
            raise StorageError(
                f"{name} has other columns than in release {base.number}, but some of its months were not computed "
                "again: run a backfill from the first day"
            )


def _breaking(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The columns that are gone or have another type or role, and what stands in their place: the same name, or a key
    that was not there."""
    lost = {name: kind for name, kind in before.items() if after.get(name) != kind}
    come = {
        name: kind
        for name, kind in after.items()
        if before.get(name) != kind and (name in lost or kind.endswith(" key"))
    }
    return lost, come


def _is_declared(lost: Mapping[str, str], come: Mapping[str, str], migrations: Sequence[Migration]) -> bool:
    """Whether every change is in one of the migrations; a migration may say more than what is checked here."""
    return all(any(one.before.get(name) == kind for one in migrations) for name, kind in lost.items()) and all(
        any(one.after.get(name) == kind for one in migrations) for name, kind in come.items()
    )


def _kinds(columns: Columns) -> dict[str, str]:
    return {one["name"]: f"{one['type']} key" if one["is_key"] else one["type"] for one in columns}


def _types(columns: Columns) -> list[tuple[str, str]]:
    return [(one["name"], one["type"]) for one in columns]


def _told(lost: Mapping[str, str], come: Mapping[str, str]) -> str:
    gone = [f"{name} ({kind}) is lost" for name, kind in lost.items() if name not in come]
    changed = [f"{name} ({lost[name]}) becomes {come[name]}" for name in lost if name in come]
    new = [f"{name} ({kind}) is a new key" for name, kind in come.items() if name not in lost]
    return ", ".join([*gone, *changed, *new])
