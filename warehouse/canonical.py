"""Turns the rows of one file into the canonical columns of its source, by the source's configuration.

What cannot be read is flagged, row by row and column by column; what to do about it is for quality/contracts.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from warehouse import sql, timestamps
from warehouse.config import Config, SourceConfig
from warehouse.contract import CONTRACTS, Contract
from warehouse.conversion import Conversion, Flag
from warehouse.diagnosis import Unreadable
from warehouse.errors import SourceError, UsageError
from warehouse.formats import LINE, RawFile
from warehouse.keys import did_you_mean, listed
from warehouse.sql import Expression
from warehouse.values import cleaned

_TIMES = (pl.Date, pl.Datetime("us", "UTC"))


@dataclass(frozen=True, slots=True)
class Canonical:
    """The rows of one file, or a piece of it, in canonical columns, with `day`, `file` and `row`.

    `rows_in` counts the rows read; those that distinct_rows and where leave out are counted apart, and
    `unreadable` could not even be taken apart. `gaps` and `overlaps` are the times that daylight saving made impossible
    or ambiguous; `columns` those the file really has.
    """

    rows: pl.DataFrame
    flags: tuple[Flag, ...]
    columns: tuple[str, ...]
    gaps: int
    overlaps: int
    rows_in: int
    excluded_distinct: int
    excluded_where: int
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files of one source."""

    source: SourceConfig
    reporting_zone: str
    contract: Contract

    @staticmethod
    def of(config: Config, name: str) -> Reader:
        return Reader(config.sources[name], config.time_zone, CONTRACTS[name])

    @property
    def time(self) -> str:
        """The input that places a row in time."""
        return "started_at" if self.source.shape == "periods" else self.contract.TIME

    def read(self, file: RawFile) -> Iterator[Canonical]:
        """All rows of the file, a piece at a time where a row means the same without the others; at least one piece.

        Raises SourceError or UsageError, naming file and key.
        """
        where = self._where(file)
        bound = self._bind(file)
        needed = _columns_of([*bound.values(), *where])
        read = None if self.source.distinct_rows else needed
        for raw in file.pieces(read) if self._is_read_row_by_row(file, bound) else [file.read(read)]:
            self._check_unreadable(file)
            yield self._converted(file, raw, needed, bound, where)

    def _is_read_row_by_row(self, file: RawFile, bound: Mapping[str, Expression]) -> bool:
        """Not where rows repeat or make up one order, nor where a time as text has its day first: that makes the others
        doubtful, wherever they are. Nor where a row of a text cannot be read: what that does to others, the whole
        tells."""
        if not file.is_large or self.source.distinct_rows or self.source.lines:
            return False
        times = [column for column in self.contract.inputs(self.source.shape) if column.dtype in _TIMES]
        given = [bound[column.name] for column in times if column.name in bound]
        if not all(one.is_column for one in given):
            return False
        schema = file.schema()
        texts = [name for name in _columns_of(given) if schema is None or not schema[name].is_temporal()]
        if schema is not None and not texts:
            return True
        looked_through = RawFile(file.name, file.content)
        pieces = looked_through.pieces(texts or _columns_of(bound.values())[:1])
        is_day_first = [timestamps.is_day_first(piece[name]) for piece in pieces for name in texts]
        return not any(is_day_first) and not looked_through.unreadable

    def _converted(
        self,
        file: RawFile,
        raw: pl.DataFrame,
        needed: list[str],
        bound: Mapping[str, Expression],
        where: list[Expression],
    ) -> Canonical:
        distinct = raw.unique(pl.exclude(LINE), keep="first", maintain_order=True) if self.source.distinct_rows else raw
        rows = cleaned(distinct.select(*needed, LINE), self.source.null_values)
        kept, flags = _filtered(rows, where, file.name)
        converted = Conversion(self.source, self.reporting_zone, self.time, file.name, kept)
        for column in self.contract.inputs(self.source.shape):
            converted.add(column, bound.get(column.name))
        return Canonical(
            rows=converted.finished(),
            flags=(*flags, *converted.flags),
            columns=tuple(bound),
            gaps=converted.gaps,
            overlaps=converted.overlaps,
            rows_in=raw.height + len(file.unreadable),
            excluded_distinct=raw.height - distinct.height,
            excluded_where=distinct.height - kept.height,
            unreadable=tuple(file.unreadable),
        )

    def days(self, file: RawFile) -> pl.Series:
        """Only the business days of the file's rows, where they can be read: a quick look."""
        bound = self._bind(file).get(self.time)
        if bound is None:
            return pl.Series("day", [], dtype=pl.Date)
        rows = cleaned(file.read(_columns_of([bound])), self.source.null_values)
        values = sql.evaluate(bound, rows, "any", file.name).values
        days = timestamps.read(values, self.source.time_zone, self.reporting_zone).day.drop_nulls()
        return days.filter(days.is_between(timestamps.FIRST_DAY, timestamps.LAST_DAY))

    def _where(self, file: RawFile) -> list[Expression]:
        if self.source.where is None or file.is_empty:
            return []
        return [self._parsed(file, f"{self.source.key}.where", self.source.where)]

    def _bind(self, file: RawFile) -> dict[str, Expression]:
        """The expression of each canonical column that the file has; nothing for a file without content."""
        if file.is_empty:
            return {}
        inputs = self.contract.inputs(self.source.shape)
        texts = {column.name: self.source.columns.get(column.name, column.name) for column in inputs}
        plain = set(file.known(texts.values()))
        bound = {}
        for column in inputs:
            text, key = texts[column.name], f"{self.source.key}.columns.{column.name}"
            if text in plain:
                bound[column.name] = sql.column(key, text)
            elif column.name in self.source.columns:
                bound[column.name] = self._parsed(file, key, text)
            elif column.name == "currency" and self.source.key != "sources.fx_rates":
                self._check_currency(file)
            elif not column.nullable:
                raise SourceError(_missing(file, key, [text]))
        return bound

    def _parsed(self, file: RawFile, key: str, text: str) -> Expression:
        expression = sql.parse(key, text)
        missing = [name for name in expression.columns if name not in file.known(expression.columns)]
        if missing:
            raise SourceError(_missing(file, key, missing))
        return expression

    def _check_unreadable(self, file: RawFile) -> None:
        """Raises SourceError where a row that cannot be read would falsify others."""
        for setting in ("lines", "full_extract"):
            if file.unreadable and getattr(self.source, setting):
                first = file.unreadable[0]
                lost = "be a line of any order" if setting == "lines" else "stand for an id that would count as gone"
                raise SourceError(
                    f"{file.name}, line {first.row}: {first.reason}. With {self.source.key}.{setting} a row that "
                    f"cannot be read may {lost}, so that the file is not taken without it: mend the row."
                )

    def _check_currency(self, file: RawFile) -> None:
        if self.source.currency is None:
            raise UsageError(
                f"{self.source.key}.currency is not set and {file.name} has no currency column: money needs one. "
                f'Write currency = "USD" (or what it is) or map the column in [{self.source.key}.columns].'
            )


def _filtered(rows: pl.DataFrame, where: list[Expression], file: str) -> tuple[pl.DataFrame, list[Flag]]:
    """The rows that `where` keeps, and those it cannot judge."""
    if not where:
        return rows, []
    judged = sql.evaluate(where[0], rows, "boolean", file)
    keeps = judged.values.fill_null(False)
    for bad in judged.bad.values():
        keeps = keeps | bad
    flags = [Flag("where", f"where: {reason}", bad.filter(keeps)) for reason, bad in judged.bad.items()]
    return rows.filter(keeps), flags


def _columns_of(expressions: Iterable[Expression]) -> list[str]:
    return list(dict.fromkeys(name for expression in expressions for name in expression.columns))


def _missing(file: RawFile, key: str, names: list[str]) -> str:
    columns = file.columns()
    hint = did_you_mean(names[0], columns)
    return (
        f"{file.name} has no column {listed(repr(name) for name in names)}, which {key} needs.{hint} "
        f"It has: {listed(columns)}."
    )
