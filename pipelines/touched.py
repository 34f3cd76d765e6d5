"""Whom a run touches: the persons of a state with other rows than in the base release, and since which day.

A state kept by person is computed anew for these alone, and a table is told apart from another version of itself by
measuring these alone. Who they are is found by comparing rows where a state is made; what follows is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from assets.packing import person_number
from pipelines import scratch
from warehouse import codes
from warehouse.draft import Draft
from warehouse.table import Table

SCHEMA: Final = {"shard": pl.UInt16, "person": pl.UInt32, "since": pl.Date}
NOBODY: Final = pl.DataFrame(schema=SCHEMA)
_DAYS: Final = ("day", "start_day", "first_day")
_SPAN: Final = ("start_day", "end_day")


def can_tell(table: Table) -> bool:
    """Whether the rows of a state say whose they are, and since when."""
    names = {column.name for column in table.all_columns}
    return "person" in names and not names.isdisjoint(_DAYS)


def day_of(table: Table) -> str:
    """The column with the day since which a row of a state holds."""
    names = {column.name for column in table.all_columns}
    return next(name for name in _DAYS if name in names)


def differing(table: Table, shard: int, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The persons of one shard whose rows are not the same in both, with the first day on which they differ (a row
    without a day holds since always). Codes of users and customers are not told apart."""
    names = [column.name for column in table.all_columns if column.name != "shard"]
    sides = pl.concat([before.select(*names, sign=pl.lit(-1)), after.select(*names, sign=pl.lit(1))])
    return (
        sides.lazy()
        .group_by(names)
        .agg(pl.col("sign").sum())
        .filter(pl.col("sign") != 0)
        .with_columns(since=_first_day(table, names))
        .group_by("person")
        .agg(pl.col("since").min())
        .select(pl.lit(shard, pl.UInt16).alias("shard"), "person", "since")
        .collect()
    )


def _first_day(table: Table, names: Sequence[str]) -> pl.Expr:
    """Of rows that only one side has (`sign`): the first day of each, but of half-open spans that begin alike on both
    sides the end, up to which they are the same."""
    first = pl.col(day_of(table)).fill_null(date.min)
    if not {*_SPAN} <= {*names}:
        return first
    begins_alike = pl.col("sign").sum().over(name for name in names if name != _SPAN[1]) == 0
    return pl.when(begins_alike).then(pl.col(_SPAN[1]).fill_null(date.max)).otherwise(first)


def columns_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """The columns with the shard and the code of each person that a row of a source names."""
    customer = ("customer_shard" if "customer_shard" in names else "shard", "customer")
    return [pair for pair in (("shard", "user"), customer) if pair[1] in names]


def named_in(rows: pl.DataFrame, shards: int) -> pl.DataFrame:
    """The persons (shard, person) that rows of a source name, each time with the day of the row as `since`. A row does
    not say in which of the `shards` it lies: that follows from the id."""
    ids = {"user": "user_id", "customer": "customer_id"}
    named = (
        rows.select(shard=codes.shard_of(rows[ids[code]], shards), person=pl.col(code), since=pl.col("day"))
        for _, code in columns_of(rows.columns)
    )
    return pl.concat([NOBODY, *named]).drop_nulls()


def is_any_of(persons: pl.DataFrame, named: Sequence[tuple[str, str]]) -> pl.Expr:
    """Whether a row of a source names one of the persons in these columns."""
    wanted = persons.select(person_number("shard", "person")).to_series().implode()
    return pl.any_horizontal(person_number(*columns).is_in(wanted) for columns in named)


def together(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One row per person of any of these."""
    everybody = pl.concat([NOBODY, *parts])
    return everybody.group_by("shard", "person").agg(pl.col("since").min()).sort("shard", "person")


def record(draft: Draft, state: str, persons: pl.DataFrame) -> None:
    """Keeps who of the state was touched in this run; an interrupted step that is done again says it again."""
    scratch.keep(persons, _path(draft, state))


def of(draft: Draft, state: str) -> pl.DataFrame | None:
    """Who of the state was touched in this run; None where that is not known."""
    return scratch.read(_path(draft, state))


def _path(draft: Draft, state: str) -> Path:
    return draft.folder / "touched" / f"{state}.parquet"
