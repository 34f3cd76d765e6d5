"""The DuckDB file of a release: a view per published table over exactly its files, with every description.

The only importer of duckdb in this package, and only where a file is written: reading releases stays light.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from warehouse.errors import StorageError
from warehouse.manifest import DataFile, Manifest

NAME = "warehouse.duckdb"
UNFINISHED = "warehouse.duckdb.wal"
_DUCKDB_TYPES = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date32[day]": "DATE",
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "timestamp[us]": "TIMESTAMP",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}
_CONTENTS = (
    "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
)


def write(path: Path, home: Path, manifest: Manifest) -> None:
    """Makes the database at `path`; its views read the data files below `home` by absolute paths.

    Raises StorageError.
    """
    views = _statements(manifest, lambda file: home / file.path)
    _execute(path, views, {"threads": 1})  # text alone; and all of a release's file is then written by who publishes


def write_rows(path: Path, folder: Path, manifest: Manifest) -> None:
    """Makes a database at `path` with the rows themselves, from the tables below `folder`: it may be moved anywhere.

    Raises StorageError.
    """
    _execute(path, _statements(manifest, lambda file: folder / file.link, kind="TABLE"))


def problem(path: Path, home: Path, manifest: Manifest) -> str | None:
    """What is wrong with the database at `path`, if anything: it has other views or descriptions than `write` makes."""
    import duckdb

    if not path.is_file():
        return "is missing"
    try:
        with duckdb.connect() as expected:
            for statement in _statements(manifest, lambda file: home / file.path):
                expected.execute(statement)
            with duckdb.connect(path, read_only=True) as found:
                same = all(found.execute(q).fetchall() == expected.execute(q).fetchall() for q in _CONTENTS)
    except duckdb.Error as error:
        return f"cannot be read: {error}"
    return None if same else "has other views than the release, or was made where the warehouse lay before"


def _execute(path: Path, statements: Iterator[str], settings: dict[str, Any] | None = None) -> None:
    import duckdb

    try:
        with duckdb.connect(path, config=settings or {}) as connection:
            connection.begin()
            for statement in statements:
                connection.execute(statement)
            connection.commit()
    except (duckdb.Error, OSError) as error:
        raise StorageError(f"Cannot write {path}: {error}. Nothing was published; mend it and run again") from error


def _statements(manifest: Manifest, place: Callable[[DataFile], Path], kind: str = "VIEW") -> Iterator[str]:
    for table, columns in manifest.schemas.items():
        files = [str(place(file)) for file in manifest.published() if file.table == table]
        yield f"CREATE {kind} {_name(table)} AS {_select(files, columns)}"
        yield f"COMMENT ON {kind} {_name(table)} IS {_text(manifest.descriptions.get(table, ''))}"
        for column in columns:
            yield f"COMMENT ON COLUMN {_name(table)}.{_name(column['name'])} IS {_text(_comment(column))}"


def _select(files: list[str], columns: list[dict[str, Any]]) -> str:
    if files:
        return f"SELECT * FROM read_parquet([{', '.join(map(_text, files))}], hive_partitioning = false)"
    nulls = ", ".join(f"NULL::{_duckdb_type(column['type'])} AS {_name(column['name'])}" for column in columns)
    return f"SELECT {nulls} WHERE false"


def _duckdb_type(arrow_type: str) -> str:
    if arrow_type.startswith("decimal128"):
        return arrow_type.replace("decimal128", "DECIMAL")
    return _DUCKDB_TYPES[arrow_type]


def _comment(column: dict[str, Any]) -> str:
    return f"{column['description']} Unit: {column['unit']}." if column["unit"] else str(column["description"])


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
