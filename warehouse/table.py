"""What a table is: the one declaration from which every schema, check and page is made.

Here belong the words a table is declared with and their translation to Polars and Arrow. Where tables
live, how they are computed and who may publish them belongs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

import polars as pl
import pyarrow as pa

from warehouse.settings import Settings

MONEY = pl.Decimal(38, 4)
MONEY_SCALE = 4
SEGMENT_ALL = "all"
UNKNOWN = "unknown"
DATE = "date"

Layer = Literal["sources", "states", "metrics", "histories"]
Partitioning = Literal["month", "shard", "shard/month", "whole", "release"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it means, its unit, and the values it may hold."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    description: str = ""
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str | int, ...] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None


@dataclass(frozen=True, slots=True)
class Measure(Column):
    """An additive integer, right for any union of whole shards.

    A `flow` belongs to its day. A `stock` is declared as its change and published as the running sum. Money is
    computed in ten-thousandths of the currency unit and published as Decimal(38, 4).
    """

    dtype: pl.DataType | type[pl.DataType] = pl.Int64
    kind: Literal["flow", "stock"] = "flow"


@dataclass(frozen=True, slots=True)
class Derived(Column):
    """A column that follows exactly from the keys and measures of its own row."""

    dtype: pl.DataType | type[pl.DataType] = pl.Int64
    expression: Callable[[], pl.Expr] | None = None


@dataclass(frozen=True, slots=True)
class Ratio(Column):
    """A quotient of two columns of the same row: null where the denominator is zero or below.

    `expression` replaces the plain quotient where a rate is one step further (annualised, one minus). With
    `complete_only` it is null while the row's `is_complete` is false.
    """

    dtype: pl.DataType | type[pl.DataType] = pl.Float64
    nullable: bool = True
    numerator: str = ""
    denominator: str = ""
    expression: Callable[[], pl.Expr] | None = None
    complete_only: bool = False

    def compute(self) -> pl.Expr:
        """The rate as an expression over the row's own measures."""
        rate = self.expression() if self.expression is not None else self._quotient()
        if self.complete_only:
            rate = pl.when("is_complete").then(rate)
        return rate.cast(pl.Float64).alias(self.name)

    def _quotient(self) -> pl.Expr:
        top, bottom = pl.col(self.numerator).cast(pl.Float64), pl.col(self.denominator).cast(pl.Float64)
        return pl.when(bottom > 0).then(top / bottom)


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of published columns that is meant: those it replaces and those that replace them, each with its Arrow
    type (`date32[day] key` for one of the grain), and why. Whoever reads the table should know it before it is made."""

    reason: str
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a state's own rows say of an input's rows before a day: `rows(state, day, settings)`, in those columns of
    the input that the state is made from. So the input is read only from its first changed row on, and some days
    before that: `days_before(settings)`.
    """

    rows: Callable[[pl.LazyFrame, date, Settings], pl.LazyFrame]
    days_before: Callable[[Settings], int] = lambda settings: 0


@dataclass(frozen=True)
class Table:
    """A table: its grain, its columns in published order, and how it is laid out.

    `look_back_days` is how far before a range of days the input of that range begins; None reads all of it.
    `filed_by` is the day of a row by whose month a table that is one file per month keeps it. It follows from the grain
    alone: rows of a key lie in one file.
    `segmented` tables carry `segment` and `segment_value` right after the grain. An `every_day` table has a row for
    every day of a key from its first one to the watermark; the others have the rows that their measure returns.
    `may_be_empty` tables have a row only where something happened, which may be nowhere; no other table is empty while
    its inputs are not. Of an `of_last_day` table every row is about the watermark alone, so rows come and go.
    `recalls` says when a date in a person's states lets it count otherwise than on the day before: so many days after
    that date, 0 being the date itself. None: on any day.
    Of a `zero_is_none` table a row whose measures are all 0 says the same as none.
    `migrations` are the changes of published columns it went through.

    Of a state with a `unit` (person, or an id of its source) the rows of a unit follow from that unit's rows of its
    inputs, and from what else it reads across all shards. A source that a person is only looked up in by an id is in
    `looks_up`, with the column of the state that holds the id.
    """

    name: str
    description: str
    layer: Layer
    grain: tuple[Column, ...]
    columns: tuple[Column, ...] = ()
    partitioning: Partitioning = "month"
    filed_by: Callable[[], pl.Expr] = lambda: pl.col(DATE)
    segmented: bool = False
    every_day: bool = True
    may_be_empty: bool = False
    of_last_day: bool = False
    unit: str | None = None
    looks_up: Mapping[str, str] = field(default_factory=dict)
    look_back_days: int | None = None
    recalls: tuple[int, ...] | None = None
    zero_is_none: bool = False
    sources: tuple[str, ...] = field(default=())
    migrations: tuple[Migration, ...] = field(default=())

    def __post_init__(self) -> None:
        """Raises ValueError where rows of a key could lie in several files: each is judged by itself."""
        if self.layer != "metrics" or self.partitioning != "month":
            return
        if strange := set(self.filed_by().meta.root_names()) - {column.name for column in self.grain}:
            raise ValueError(
                f"The table {self.name} is one file per month, filed by {', '.join(sorted(strange))}, which is not in "
                'its grain: have it there, declare another `filed_by`, or partitioning="whole".'
            )

    @property
    def keys(self) -> tuple[Column, ...]:
        """The grain with its segment: one row each, and the order of every file."""
        return self.grain + (SEGMENT_COLUMNS if self.segmented else ())

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return self.keys + self.columns

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(column for column in self.columns if isinstance(column, Measure))

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        return tuple(column for column in self.columns if isinstance(column, Ratio))

    @property
    def derived(self) -> tuple[Derived, ...]:
        return tuple(column for column in self.columns if isinstance(column, Derived))

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.all_columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def polars_schema(self) -> pl.Schema:
        return pl.Schema({column.name: column.dtype for column in self.all_columns})

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema with every description and unit inside, so that a single file explains itself."""
        return self._arrow_schema

    @cached_property
    def _arrow_schema(self) -> pa.Schema:
        plain = pl.DataFrame(schema=self.polars_schema()).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
        fields = [
            plain.field(column.name).with_nullable(column.nullable).with_metadata(_metadata(column))
            for column in self.all_columns
        ]
        return pa.schema(fields, metadata={"table": self.name, "description": self.description})


def _metadata(column: Column) -> dict[str, str]:
    unit = {"unit": column.unit} if column.unit else {}
    return {"description": column.description, **unit}


SEGMENT_COLUMNS = (
    Column("segment", pl.String, "The dimension customers are split by; `all` is everybody.", unit="dimension"),
    Column("segment_value", pl.String, "The value of that dimension; `unknown` where it is missing.", unit="value"),
)
