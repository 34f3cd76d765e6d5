"""Splitting people into segments: `all`, then one dimension at a time.

Which value a customer has, and when, is the state `segment_spans`; what users keep for good is in `people`. Here is
only how a measure is split by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.calendar import ALWAYS_BEFORE, NEVER, day_number, to_date
from assets.once import once
from assets.states.segment_spans import NEW_FOR_DAYS
from warehouse.settings import Settings
from warehouse.table import SEGMENT_ALL


def rolled_up(
    combined: pl.LazyFrame, dimensions: Sequence[str], keys: Sequence[str], measures: Sequence[str]
) -> pl.LazyFrame:
    """From one row per combination of values: keys, `segment`, `segment_value`, the sums of the measures.

    For dimensions that never change for a person; the whole (`all`) is every combination together.
    """
    combined, sums = once(combined), pl.col(measures).sum()
    parts = [(SEGMENT_ALL, pl.lit(SEGMENT_ALL), combined.group_by(keys).agg(sums))]
    parts += [(name, pl.col(name), combined.group_by(*keys, name).agg(sums)) for name in dimensions]
    return pl.concat(
        part.select(*keys, segment=pl.lit(segment), segment_value=value, **{name: name for name in measures})
        for segment, value, part in parts
    )


def starts_of_users(users: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Where the rows of each segment of users begin: `date` (not before the range), `segment`, `segment_value`.

    `users` has their `first_day` and the dimensions. By tenure, they are `new` from that day on.
    """
    seen = once(users.filter(pl.col("first_day") <= settings.last_day).select("first_day", *settings.dimensions))
    established = pl.col("first_day") + pl.duration(days=NEW_FOR_DAYS)
    parts = [(SEGMENT_ALL, pl.lit(SEGMENT_ALL), seen), ("tenure", pl.lit("new"), seen)]
    parts.append(("tenure", pl.lit("established"), seen.with_columns(first_day=established)))
    parts += [(dimension, pl.col(dimension), seen) for dimension in settings.dimensions]
    return (
        pl.concat(
            rows.select("first_day", segment=pl.lit(segment), segment_value=value) for segment, value, rows in parts
        )
        .group_by("segment", "segment_value")
        .agg(date=pl.max_horizontal(pl.col("first_day").min(), pl.lit(settings.first_day)))
        .filter(pl.col("date") <= settings.last_day)
    )


def spans_of(segment_spans: pl.LazyFrame, bases: Sequence[str]) -> pl.LazyFrame:
    """The segment spans of customers on the bases: person, basis (where there are several), segment, segment_value, and
    day numbers `since` and `until`. They are read here, once, whatever is split by them."""
    spans = once(numbered_spans(segment_spans).filter(pl.col("basis").is_in(bases) | pl.col("basis").is_null()))
    of_basis = spans.filter(pl.col("basis").is_in(bases))
    of_any = spans.filter(pl.col("basis").is_null()).drop("basis")
    if len(bases) == 1:
        return pl.concat([of_basis.drop("basis"), of_any])
    every_basis = pl.LazyFrame({"basis": bases}, schema={"basis": pl.String})
    return pl.concat([of_basis, of_any.join(every_basis, how="cross")], how="diagonal")


def numbered_spans(segment_spans: pl.LazyFrame) -> pl.LazyFrame:
    """The segment spans: person, basis (null: any), segment, segment_value, and day numbers `since` and `until`."""
    return segment_spans.select(
        "person",
        "basis",
        "segment",
        "segment_value",
        since=day_number(pl.col("start_day")).fill_null(ALWAYS_BEFORE),
        until=day_number(pl.col("end_day")).fill_null(NEVER),
    )


def split(pieces: pl.LazyFrame, spans: pl.LazyFrame, shift: pl.Expr | int = 0) -> pl.LazyFrame:
    """Pieces of a person (and basis) cut at its changes of segment, with `segment` and `segment_value`.

    `shift` is how many days ago the value is read: w where a window takes the value at its start, else 0.
    """
    owner = [name for name in ("person", "basis") if name in spans.collect_schema().names()]
    return (
        pieces.join(spans, on=owner)
        .with_columns(
            start=pl.max_horizontal("start", pl.col("since") + shift),
            end=pl.min_horizontal("end", pl.col("until") + shift),
        )
        .filter(pl.col("start") < pl.col("end"))
        .drop("since", "until")
    )


def split_starts(facts: pl.LazyFrame, spans: pl.LazyFrame, keys: Sequence[str], settings: Settings) -> pl.LazyFrame:
    """Where the rows of each key and segment value begin: on the first day on which a person with a fact has it.

    `facts` has a person, the keys and the `day` of its first fact. Returns `date` (not before the range), the keys,
    `segment`, `segment_value`.
    """
    lasting = facts.filter(pl.col("day") <= settings.last_day).select(
        "person", *keys, start=day_number(pl.col("day")), end=pl.lit(NEVER, pl.Int32)
    )
    return (
        split(lasting, spans)
        .group_by(*keys, "segment", "segment_value")
        .agg(date=to_date(pl.col("start").min()))
        .filter(pl.col("date") <= settings.last_day)
        .with_columns(date=pl.max_horizontal("date", pl.lit(settings.first_day)))
    )
