"""Gives the columns of one file their canonical types, and flags row by row what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse import sql, timestamps
from warehouse.config import SourceConfig
from warehouse.errors import SourceError
from warehouse.formats import LINE
from warehouse.keys import first_line
from warehouse.sql import Expression
from warehouse.table import Column
from warehouse.values import read_number, read_text


@dataclass(frozen=True, slots=True)
class Flag:
    """Rows in which a column cannot be read, and the reason, which begins with what the user calls the column."""

    column: str
    reason: str
    rows: pl.Series


class Conversion:
    """Add the columns one after the other, then take the rows and what was noticed on the way.

    `time` is the input that places a row in time; its zone is the source's, that of `day` the reporting one.
    """

    def __init__(self, source: SourceConfig, reporting_zone: str, time: str, file: str, rows: pl.DataFrame) -> None:
        self._source = source
        self._reporting_zone = reporting_zone
        self._time = time
        self._file = file
        self._rows = rows
        self._columns: dict[str, pl.Series] = {}
        self.flags: list[Flag] = []
        self.gaps = 0
        self.overlaps = 0

    def add(self, column: Column, expression: Expression | None) -> None:
        """Reads one input; null in every row where the file does not have it."""
        if expression is None:
            values = pl.repeat(None, self._rows.height, dtype=column.dtype, eager=True)
            self._columns[column.name] = values
            if column.name == self._time:
                self._columns["day"] = values.cast(pl.Date)
        else:
            try:
                self._columns[column.name] = self._typed(column, self._evaluated(column, expression))
            except pl.exceptions.PolarsError as error:
                reason = first_line(error)
                raise SourceError(f"{self._file}: {expression.key} = {expression.text!r}: {reason}.") from error
        if column.name == "currency" and self._source.currency is not None:
            self._columns["currency"] = self._columns["currency"].fill_null(self._source.currency)

    def finished(self) -> pl.DataFrame:
        """The rows: every column added, `day`, `file` and `row`."""
        columns = {**self._columns, "row": self._rows[LINE]}
        return pl.DataFrame(columns).with_columns(file=pl.lit(self._file))

    def _evaluated(self, column: Column, expression: Expression) -> pl.Series:
        if expression.is_column:
            return self._rows[expression.text]
        is_number = _dtype(column).is_numeric()
        computed = sql.evaluate(expression, self._rows, "number" if is_number else "any", self._file)
        for reason, bad in computed.bad.items():
            self.flags.append(Flag(column.name, f"{column.name}: {reason}", bad))
        return computed.values

    def _typed(self, column: Column, values: pl.Series) -> pl.Series:
        dtype = _dtype(column)
        if dtype == pl.String:
            return read_text(values, is_id=column.unit == "id")
        if dtype.is_numeric():
            numbers = read_number(values, dtype)
            self._flag(column, "a whole number" if dtype.is_integer() else "a number", numbers.bad)
            return numbers.values
        return self._moments(column, values)

    def _moments(self, column: Column, values: pl.Series) -> pl.Series:
        moments = timestamps.read(values, self._source.time_zone, self._reporting_zone)
        self.gaps += moments.gaps
        self.overlaps += moments.overlaps
        self._flag(column, "a date or time that can be read", moments.bad)
        if column.name == self._time:
            self._columns["day"] = moments.day
        if column.name == "ended_at" and self._source.ends_inclusive:
            return moments.day.dt.offset_by("1d")
        return moments.day if column.dtype == pl.Date else moments.at

    def _flag(self, column: Column, what: str, bad: pl.Series) -> None:
        if bad.any():
            self.flags.append(Flag(column.name, f"{column.name} is not {what}", bad))


def _dtype(column: Column) -> pl.DataType:
    return column.dtype if isinstance(column.dtype, pl.DataType) else column.dtype()
