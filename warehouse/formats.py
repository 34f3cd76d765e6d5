"""Reads one file's bytes by its ending: CSV and JSON lines (gzipped or not) as text, Parquet with its own types.

Here belongs what a file is, not what its columns mean. Nothing is guessed: text stays text, so that ids keep their
leading zeros. Every refusal names the file and, where there is one, the line.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from warehouse import contents, diagnosis, json_lines, text_pieces
from warehouse.csv_header import csv_header
from warehouse.diagnosis import Unreadable
from warehouse.errors import SourceError
from warehouse.keys import first_line

LINE = "__line__"
ROWS_OF_A_PIECE = 500_000
_MORE = "__more__"
_RAW_ROWS = {"row": pl.Int64, "raw": pl.String}


@dataclass
class RawFile:
    """A file's content. `name` is what messages call it; rows carry LINE, the line (Parquet: row) counted from 1.

    Once its rows were read, `unreadable` are those that could not be taken apart into fields and were left out. A part
    is some rows of a text as they stand in it.
    """

    name: str
    content: bytes
    unreadable: list[Unreadable] = field(default_factory=list, init=False)
    is_part: bool = False

    @property
    def is_text(self) -> bool:
        """Whether all columns come as text (CSV, JSON lines) and not with types of their own (Parquet)."""
        return self._kind != "parquet"

    @property
    def is_json(self) -> bool:
        """Whether it is JSON lines: a row says which columns it has, the file does not."""
        return self._kind == "jsonl"

    @property
    def is_large(self) -> bool:
        """Whether it may come in more than one piece."""
        return not self.is_text or len(self._data) > text_pieces.BYTES_OF_A_PIECE

    def schema(self) -> pl.Schema | None:
        """The columns with types of their own; None of text."""
        return None if self.is_text else self._parquet_schema

    def spread_lines(self, most: int) -> list[bytes]:
        """At most so many lines of a text file, spread evenly over its bytes, the first among them."""
        starts = {0 if not at else self._data.find(b"\n", len(self._data) * at // most) + 1 for at in range(most)}
        lines = (self._data[start : self._data.find(b"\n", start) % (len(self._data) + 1)] for start in sorted(starts))
        return [line for line in lines if line.strip()]

    def columns(self) -> list[str]:
        """The names of all columns; none for a file without content."""
        if self.is_empty:
            return []
        if self._kind == "csv":
            return self._csv_header
        if self._kind == "jsonl":
            return self._all_json().columns
        return list(self._parquet_schema)

    def known(self, names: Iterable[str]) -> list[str]:
        """Those of the names that the file has as columns, without reading its rows."""
        if self._kind == "jsonl":
            return [name for name in names if json_lines.has_key(self._data, name)]
        have = set(self.columns())
        return [name for name in names if name in have]

    def read(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The rows, of all or the named columns, with LINE; blank lines and unreadable rows are left out.

        Raises SourceError naming file and line where not only single rows are to blame.
        """
        if self.is_empty:
            return pl.DataFrame(schema={**dict.fromkeys(columns or (), pl.String), LINE: pl.Int64})
        try:
            return self._read(columns)
        except SourceError:
            raise
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            if self._leave_out_unreadable():
                return self.read(columns)
            raise SourceError(self._diagnosis(error)) from error

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The same as `read` in pieces, at least one: of so many rows of a Parquet file, or so many bytes of a text of
        which all rows can be read."""
        if self.is_empty:
            yield self.read(columns)
            return
        if self.is_text:
            yield from self._text_pieces(columns)
            return
        try:
            yield from self._parquet_pieces(columns)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise SourceError(self._diagnosis(error)) from error

    def raw_rows(self, lines: pl.Series) -> pl.DataFrame:
        """The rows at these lines as the file has them: `row` and `raw`, a JSON text where it is no broken one."""
        broken = {one.row: one.raw for one in self.unreadable}
        left_out = pl.DataFrame({"row": list(broken), "raw": list(broken.values())}, schema=_RAW_ROWS)
        left_out = left_out.filter(pl.col("row").is_in(lines.implode()))
        lines = lines.filter(~lines.is_in(left_out["row"].implode()))
        if self._kind == "jsonl":
            texts = self._data.split(b"\n")
            raw = [texts[line - 1].decode(errors="replace") for line in lines]
            return pl.concat([pl.DataFrame({"row": lines, "raw": raw}, schema=_RAW_ROWS), left_out])
        rows = pl.concat(piece.filter(pl.col(LINE).is_in(lines.implode())) for piece in self.pieces())
        return pl.concat([rows.select(row=LINE, raw=pl.struct(pl.exclude(LINE)).struct.json_encode()), left_out])

    def _leave_out_unreadable(self) -> bool:
        """Whether there were rows that cannot be taken apart; they are blank lines from now on."""
        if self.unreadable or not self.is_text:
            return False
        found = diagnosis.unreadable_rows(self._kind, self._data)
        rest = diagnosis.without(self._data, found)
        if not found or not rest.strip():
            return False
        self.unreadable, self._data = found, rest
        return True

    def _read(self, columns: Sequence[str] | None) -> pl.DataFrame:
        if self._kind == "csv":
            return self._read_csv(columns)
        if self._kind == "jsonl":
            # First the names: while they are found, lines may turn out unreadable and be left out.
            names = self._all_json().columns if columns is None else columns
            return json_lines.read(self._data, names, LINE)
        return pl.concat(self._parquet_pieces(columns))

    @cached_property
    def _kind(self) -> str:
        return contents.kind_of(self.name)

    @cached_property
    def _data(self) -> bytes:
        return self.content if self.is_part else contents.plain(self.name, self.content)

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is nothing in the file, not even column names."""
        return not self._data or (len(self._data) < 4096 and not self._data.strip())

    @cached_property
    def _csv_header(self) -> list[str]:
        return csv_header(self.name, self._data)

    @cached_property
    def _parquet_schema(self) -> pl.Schema:
        try:
            return pl.read_parquet_schema(io.BytesIO(self._data))  # type: ignore[return-value]
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise SourceError(self._diagnosis(error)) from error

    def _parquet_pieces(self, columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
        file = pl.scan_parquet(io.BytesIO(self._data), row_index_name=LINE)
        rows = file.select(*(self._parquet_schema if columns is None else columns), pl.col(LINE).cast(pl.Int64) + 1)
        for start in range(0, file.select(pl.len()).collect().item() or 1, ROWS_OF_A_PIECE):
            yield rows.slice(start, ROWS_OF_A_PIECE).collect()

    def _text_pieces(self, columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
        last_line = 0
        for piece in text_pieces.pieces_of(self._data, has_header=self._kind == "csv"):
            if piece.content is self._data:
                yield self.read(columns)
                return
            part = RawFile(self.name, piece.content, is_part=True)
            try:
                rows = part.read(columns).with_columns(pl.col(LINE) + piece.lines_before)
            except SourceError:
                rows = None
            if rows is None or part.unreadable:
                # Which rows cannot be read, and in which lines, is for the whole file to say.
                yield self.read(columns).filter(pl.col(LINE) > last_line)
                return
            last_line = max(last_line, rows.select(pl.col(LINE).max()).item() or 0)
            yield rows

    def _read_csv(self, columns: Sequence[str] | None) -> pl.DataFrame:
        header = self._csv_header
        wanted = [name for name in header if columns is None or name in columns]
        frame = pl.read_csv(
            io.BytesIO(self._data),
            has_header=False,
            skip_rows=1,
            # One column more than there is: a row with too many fields must not pass unseen.
            schema=dict.fromkeys([*header, _MORE], pl.String),
            missing_columns="insert",
            columns=[*map(header.index, wanted or header), len(header)],
        )
        if frame.drop_in_place(_MORE).is_not_null().any() and self._leave_out_unreadable():
            return self._read_csv(columns)
        if frame.height < self._data.count(b"\n") - 1 and columns is not None:
            return self._read_csv(None).select(*wanted, LINE)
        breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0)).cast(pl.Int64)
        is_spread = columns is None and frame.height < self._data.count(b"\n") - 1
        earlier = breaks.cum_sum().shift(1, fill_value=0) if is_spread else pl.lit(0, pl.Int64)
        frame = frame.with_columns((pl.int_range(2, pl.len() + 2, dtype=pl.Int64) + earlier).alias(LINE))
        return self._without_blank(frame, columns)

    def _without_blank(self, frame: pl.DataFrame, columns: Sequence[str] | None) -> pl.DataFrame:
        def is_blank(names: pl.Expr) -> pl.Series:
            return frame.select(pl.all_horizontal(names.str.strip_chars().fill_null("") == "")).to_series()

        if not is_blank(pl.first()).any() or not (blank := is_blank(pl.exclude(LINE))).any():
            return frame
        if columns is not None and len(columns) < len(self._csv_header):
            # What is blank in the named columns may still be a row.
            lines = self._read_csv(None)[LINE]
            return frame.filter(pl.col(LINE).is_in(lines.implode()))
        return frame.filter(~blank)

    def _all_json(self) -> pl.DataFrame:
        try:
            return pl.read_ndjson(io.BytesIO(self._data), infer_schema_length=None).clear()
        except pl.exceptions.PolarsError:
            if self._leave_out_unreadable():
                return self._all_json()
        try:
            return pl.DataFrame(schema=json_lines.names_line_by_line(self._data))
        except (ValueError, AttributeError) as error:
            raise SourceError(self._diagnosis(error)) from error

    def _diagnosis(self, error: BaseException) -> str:
        if self._kind == "parquet":
            return f"{self.name} cannot be read as Parquet: {first_line(error)}. Deliver it again."
        return diagnosis.of_text(self.name, self._kind, self._data, error)
