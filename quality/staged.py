"""The staged files of a candidate: whole, known, readable, and of the declared schema.

Here the metric tables of a candidate become frames, read from where they are staged. What the numbers in them say is
for rules, identities and changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.verdict import Observation
from warehouse import links
from warehouse.candidate import PAGE, RECORD, VERDICT, Candidate
from warehouse.manifest import DataFile
from warehouse.names import month_in
from warehouse.store import Store
from warehouse.table import Table

_WHOLE = "files have the audited content"
_DAMAGED = (
    "The staged file is not what was written: nothing can be published. Run again; if it stays, see `holdfast doctor`."
)
_SCHEMA = "The file's columns are not the declared ones: run a backfill from the first day, or mend the declaration."


@dataclass(frozen=True)
class Staged:
    """What was found about the staged files, and of those that nobody judged before the rows by table, as far as they
    can be trusted: a file is read once, so that what is judged are the bytes that were hashed."""

    observations: list[Observation] = field(default_factory=list)
    rows: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def fresh(self, table: Table) -> pl.DataFrame:
        """The rows of the table that nobody judged before."""
        return pl.concat([pl.DataFrame(schema=_schema(table)), *self.rows.get(table.name, [])], rechunk=False)


def observe(
    candidate: Candidate, tables: Mapping[str, Table], store: Store, judged: Set[DataFile] = frozenset()
) -> Staged:
    """Every staged file against the candidate's list and its table's declaration, and files nobody knows.

    Those `judged` before are not read again: each has to be the very file, of its size, that was judged. Raises a
    Polars error where a file of the declared schema cannot be read.
    """
    published = candidate.manifest.published()
    problems = links.differences(store.home, candidate.folder, published, (RECORD, VERDICT, PAGE))
    strange = [f"{path.relative_to(candidate.folder)} {problem}" for path, problem in problems]
    found = Staged([_broken("files are those of the candidate", "all", len(strange), "; ".join(strange[:3]), _DAMAGED)])
    for file in published:
        path = candidate.folder / file.link
        if file in judged:
            found.observations.extend(_kept(file, path))
        else:
            _look_at(file, path, tables.get(file.table), found)
    return found


def damaged(observations: list[Observation]) -> set[str]:
    """The tables whose files cannot be trusted, so that their numbers are not worth judging."""
    return {one.table for one in observations if one.observed}


def read(
    candidate: Candidate, table: Table, files: Iterable[DataFile], columns: Set[str], only: pl.Expr
) -> pl.DataFrame:
    """Some columns of these staged files of the table, of `only` some rows; an empty frame where there are no files.
    Raises a Polars error where one is unreadable."""
    paths = [candidate.folder / file.link for file in files]
    wanted = [one.name for one in table.all_columns if one.name in columns]
    if not paths:
        return pl.DataFrame(schema=_schema(table)).select(wanted)
    return pl.scan_parquet(paths, glob=False, hive_partitioning=False).filter(only).select(wanted).collect()


def _kept(file: DataFile, path: Path) -> list[Observation]:
    """That it is the file of the lake is held by `links`; here, that nobody made it longer or shorter."""
    try:
        changed = path.stat().st_size != file.bytes
    except OSError:
        changed = True
    return [_broken(_WHOLE, file.table, int(changed), file.link, _DAMAGED)]


def _look_at(file: DataFile, path: Path, table: Table | None, found: Staged) -> None:
    """Adds to what was found whether the file is as it was written and declared, and if it is, its rows."""
    content = _content(file, path)
    found.observations.append(_broken(_WHOLE, file.table, int(content is None), file.link, _DAMAGED))
    if table is None or content is None:
        return
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as parquet:
            unlike = _differences(parquet.schema_arrow, table.arrow_schema())
    except (pa.ArrowException, OSError) as error:
        unlike = [str(error)]
    where = f"{file.link}: {'; '.join(unlike[:3])}"
    found.observations.append(_broken("files have the declared schema", file.table, len(unlike), where, _SCHEMA))
    if unlike:
        return
    rows = pl.read_parquet(content)
    month = month_in(file.partition) if file.layer == "metrics" else None
    strangers = _of_other_months(rows, table, month) if month else 0
    found.observations.append(_broken("files hold the days of their month", file.table, strangers, file.link, _DAMAGED))
    found.rows.setdefault(file.table, []).append(rows)


def _content(file: DataFile, path: Path) -> bytes | None:
    """The bytes of the file; None where they are not those that were written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == file.sha256 else None


def _of_other_months(rows: pl.DataFrame, table: Table, month: str) -> int:
    """Rows that are not filed by a day of the month. What is judged file by file relies on it."""
    begins = date.fromisoformat(f"{month}-01")
    is_of_month = table.filed_by().dt.truncate("1mo") == begins
    return rows.filter(~is_of_month.fill_null(False)).height


def _differences(found: pa.Schema, declared: pa.Schema) -> list[str]:
    if found.names != declared.names:
        odd = sorted(set(found.names) ^ set(declared.names)) or ["their order"]
        return [f"differs in {name}" for name in odd]
    return [
        f"{name} is {found.field(name).type}, declared {declared.field(name).type}"
        for name in declared.names
        if found.field(name).type != declared.field(name).type
    ]


def _schema(table: Table) -> pl.Schema:
    frame = pl.from_arrow(table.arrow_schema().empty_table())
    assert isinstance(frame, pl.DataFrame)
    return frame.schema


def _broken(check: str, table: str, number: int, where: str, message: str) -> Observation:
    return Observation(check, table, number, 0, 0, "critical", message, where=where)
