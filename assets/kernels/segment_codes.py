"""Who has which segment value on which day, in small numbers: what assets/segments.py joins by text, for tables that
split the same people many times.

A value's number counts through all dimensions. People are the codes of their shard, which are dense.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.calendar import ALWAYS_BEFORE, NEVER
from assets.kernels.tallies import number_of
from assets.kernels.timelines import Integers, Pieces, at
from assets.segments import numbered_spans
from warehouse.settings import Settings


@dataclass(frozen=True)
class Dimension:
    """The spans of one dimension's values, sorted by person and first day: each person's follow each other without a
    gap. `begins` are both packed. Where nobody ever changes, there is one for each, `kept` by person instead."""

    value: Integers
    person: Integers
    since: Integers
    until: Integers
    begins: Integers
    kept: Integers | None

    def at(self, person: Integers, day: Integers) -> Integers:
        """The number of the value that each person has on its day."""
        if self.kept is not None:
            return self.value[self.kept[person]]
        return self.value[np.searchsorted(self.begins, at(person, day), "right") - 1]

    def split(self, pieces: Pieces, person: Integers, days_ago: Integers | int) -> Split:
        """The pieces cut where the person's value changes; the value is read `days_ago` days ago."""
        if self.kept is not None:
            span = self.kept[person]
            return Split(None, span, self.value[span], pieces.start, pieces.end)
        span = np.searchsorted(self.begins, at(person, pieces.start - days_ago), "right") - 1
        cut = np.flatnonzero(self.until[span] + days_ago < pieces.end)
        if not len(cut):
            return Split(None, span, self.value[span], pieces.start, pieces.end)
        ago = np.broadcast_to(days_ago, len(span))
        last = np.searchsorted(self.begins, at(person[cut], pieces.end[cut] - 1 - ago[cut]), "right") - 1
        parts = np.ones(len(span), np.int64)
        parts[cut] += last - span[cut]
        row = np.repeat(np.arange(len(span)), parts)
        first = np.cumsum(parts) - parts
        span = np.arange(len(row)) + (span - first)[row]
        start, end = pieces.start[row], pieces.end[row]
        is_later = np.ones(len(row), bool)
        is_later[first] = False
        later = np.flatnonzero(is_later)
        start[later] = self.since[span[later]] + ago[row[later]]
        end[later - 1] = start[later]
        return Split(row, span, self.value[span], start, end)


@dataclass(frozen=True)
class Split:
    """Cut pieces: of which piece each is a part (None: each of itself), in which span of which value, and its days."""

    row: Integers | None
    span: Integers
    value: Integers
    start: Integers
    end: Integers

    def of_piece(self, column: Integers) -> Integers:
        """A column of the pieces for their parts."""
        return column if self.row is None else column[self.row]


@dataclass(frozen=True)
class Segments:
    """The dimensions of each basis, and the `names` of all values: segment, segment_value."""

    names: pl.DataFrame
    on: dict[str, list[Dimension]]

    def __len__(self) -> int:
        return self.names.height

    @property
    def people(self) -> int:
        """One more than the highest code of a person."""
        return max((int(one.person.max(initial=-1)) + 1 for ones in self.on.values() for one in ones), default=0)

    def starts(self, basis: str, first_day: Integers, settings: Settings) -> tuple[Integers, Integers]:
        """The numbers of the values that persons with a fact have, and of each the first day on which one of them has
        it. `first_day` is that of each person's first fact, by code; NEVER for none."""
        last = number_of(settings.last_day)
        found = np.full(len(self), NEVER, np.int64)
        for dimension in self.on[basis]:
            start = np.maximum(dimension.since, first_day[dimension.person])
            is_seen = (start < dimension.until) & (start <= last)
            np.minimum.at(found, dimension.value[is_seen], start[is_seen])
        value = np.flatnonzero(found <= last)
        return value, found[value]

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with `segment` and `segment_value` in place of the value's number, `key`."""
        value = rows["key"]
        return rows.drop("key").with_columns(self.names[name].gather(value) for name in self.names.columns)


def segments_of(segment_spans: pl.LazyFrame, bases: Sequence[str]) -> Segments:
    """The segment spans of customers on each of the bases."""
    is_of_bases = pl.col("basis").is_null() | pl.col("basis").is_in(bases)
    spans = numbered_spans(segment_spans).filter(is_of_bases).collect()
    names: list[pl.DataFrame] = []
    on: dict[str, list[Dimension]] = {basis: [] for basis in bases}
    numbered = 0
    for segment in spans["segment"].unique().sort():
        of_segment = spans.filter(pl.col("segment") == segment)
        values = of_segment["segment_value"].unique().sort()
        number = of_segment["segment_value"].cast(pl.Enum(values)).to_physical().cast(pl.Int64) + numbered
        of_segment = of_segment.with_columns(number=number)
        for basis, rows in _by_basis(of_segment):
            dimension = _dimension(rows)
            for name in on if basis is None else [basis]:
                on[name].append(dimension)
        names.append(pl.DataFrame({"segment": [segment] * len(values), "segment_value": values}))
        numbered += len(values)
    empty = pl.DataFrame(schema={"segment": pl.String, "segment_value": pl.String})
    return Segments(pl.concat([empty, *names]), on)


def by_person(person: Integers | pl.Series, day: Integers | pl.Series, count: int = 0) -> Integers:
    """The earliest day of each person, by code, of `count` persons at least; NEVER where there is none."""
    people, days = np.asarray(person, np.int64), np.asarray(day, np.int64)
    found = np.full(max(count, int(people.max(initial=-1)) + 1), NEVER, np.int64)
    np.minimum.at(found, people, days)
    return found


def _by_basis(spans: pl.DataFrame) -> Iterator[tuple[str | None, pl.DataFrame]]:
    bases = spans["basis"].unique().to_list()
    for basis in bases:
        yield basis, spans if len(bases) == 1 else spans.filter(pl.col("basis").eq_missing(pl.lit(basis)))


def _dimension(spans: pl.DataFrame) -> Dimension:
    number, person, since, until = (
        spans[name].cast(pl.Int64).to_numpy() for name in ("number", "person", "since", "until")
    )
    begins = at(person, since)
    if (begins[1:] < begins[:-1]).any():
        order = np.argsort(begins, kind="stable")
        number, person, since, until, begins = (column[order] for column in (number, person, since, until, begins))
    kept = None
    if (since == ALWAYS_BEFORE).all():
        kept = np.zeros(int(person.max(initial=-1)) + 1, np.int64)
        kept[person] = np.arange(len(person))
    return Dimension(number, person, since, until, begins, kept)
