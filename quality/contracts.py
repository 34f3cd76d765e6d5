"""Splits the rows of one file by its source's contract: good rows, and rows to quarantine with all their reasons.

Here belongs how a contract is applied. What it says is declared under assets/sources/; whether so many bad rows are
acceptable is for the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.sources import orders
from assets.sources.subscriptions import PERIOD_NAMES
from warehouse.canonical import Canonical, Reader
from warehouse.conversion import Flag
from warehouse.table import Column
from warehouse.timestamps import FIRST_DAY, LAST_DAY


@dataclass(frozen=True, slots=True)
class Split:
    """`good`: rows in canonical columns with defaults filled in. `bad`: row, id, day, reasons (joined by "; ").

    `due_on` is the first day on which a row that is still to come will have been.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    due_on: date | None = None


def split(read: Canonical, reader: Reader, today: date | None = None) -> Split:
    """Judges every row; those that could not be read at all are bad. With order lines, a bad line takes its whole order
    with it.

    `today` is the day it is where the reports are read; None leaves open which rows are still to come.
    """
    rows = reader.contract.complete(read.rows.lazy()).collect()
    broken = _evaluated(rows, reader, read.flags)
    to_come = _to_come(rows, reader, today)
    broken[f"{reader.time} lies in the future"] = to_come
    if reader.source.lines:
        broken |= _evaluated_lines(rows, broken)
    broken = {reason: where for reason, where in broken.items() if where.any()}
    if not broken:
        return Split(rows, _with_unreadable(_with_reasons(rows.clear(), {}, reader), read))
    is_bad = pl.select(pl.any_horizontal(broken.values())).to_series()
    bad = _with_reasons(rows.filter(is_bad), {reason: where.filter(is_bad) for reason, where in broken.items()}, reader)
    return Split(rows.filter(~is_bad), _with_unreadable(bad, read), _first_day(rows["day"].filter(to_come)))


def _to_come(rows: pl.DataFrame, reader: Reader, today: date | None) -> pl.Series:
    """The rows of a day that can be meant and has not begun, where rows say what has happened."""
    if today is None or not reader.contract.IS_PAST:
        return pl.repeat(False, rows.height, eager=True)
    day = pl.col("day")
    return rows.select(((day > today) & (day <= LAST_DAY)).fill_null(False)).to_series()


def _first_day(days: pl.Series) -> date | None:
    first = days.min()
    return first if isinstance(first, date) else None


def _evaluated(rows: pl.DataFrame, reader: Reader, flags: tuple[Flag, ...]) -> dict[str, pl.Series]:
    """Each reason and the rows it is true of."""
    names = {stored: given for given, stored in PERIOD_NAMES.items()} if reader.source.shape == "periods" else {}
    unread = {name: [flag.rows for flag in flags if flag.column in (name, names.get(name))] for name in rows.columns}
    broken = {flag.reason: flag.rows for flag in flags}
    for column in reader.contract.table.all_columns:
        if column.name not in rows.columns or column.name in ("day", "file", "row"):
            continue
        label = names.get(column.name, column.name)
        for reason, is_broken in _declared(column, label).items():
            found = rows.select(is_broken.fill_null(False)).to_series()
            for flagged in unread[column.name]:
                found = found & ~flagged
            broken[reason] = found
    rules = reader.contract.rules()
    if reader.source.name == "orders" and not reader.source.lines:
        rules |= orders.order_rules()
    for reason, is_broken in rules.items():
        broken[reason] = rows.select(is_broken.fill_null(False)).to_series()
    return broken


def _declared(column: Column, label: str) -> Mapping[str, pl.Expr]:
    """What a column's own declaration rules out."""
    value = pl.col(column.name)
    reasons: dict[str, pl.Expr] = {}
    if not column.nullable:
        reasons[f"{label} is missing"] = value.is_null()
    if column.allowed is not None:
        reasons[f"{label} is none of {', '.join(map(str, column.allowed))}"] = ~value.is_in(list(column.allowed))
    if column.minimum is not None:
        reasons[f"{label} is below {column.minimum}"] = value < column.minimum
    if column.maximum is not None:
        reasons[f"{label} is above {column.maximum}"] = value > column.maximum
    if column.dtype == pl.Datetime("us", "UTC") or column.name == "date":
        reasons[f"{label} is not between {FIRST_DAY.year} and {LAST_DAY.year}"] = ~value.dt.date().is_between(
            FIRST_DAY, LAST_DAY
        )
    return reasons


def _evaluated_lines(rows: pl.DataFrame, broken: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    found = {
        reason: rows.select(is_broken.fill_null(False)).to_series() for reason, is_broken in orders.line_rules().items()
    }
    is_bad = pl.select(pl.any_horizontal(*broken.values(), *found.values())).to_series()
    if is_bad.any():
        order = rows["order_id"]
        shared = order.is_in(order.filter(is_bad).drop_nulls().unique().implode()).fill_null(False)
        found["another line of its order is in quarantine"] = shared & ~is_bad
    return found


def _with_reasons(rows: pl.DataFrame, broken: Mapping[str, pl.Series], reader: Reader) -> pl.DataFrame:
    texts = [pl.when(where).then(pl.lit(reason)) for reason, where in broken.items()]
    reasons = pl.concat_str(texts, separator="; ", ignore_nulls=True) if texts else pl.lit("")
    name = reader.contract.ID
    return rows.select("row", "day", id=pl.col(name) if name else pl.lit(None, pl.String), reasons=reasons)


def _with_unreadable(bad: pl.DataFrame, read: Canonical) -> pl.DataFrame:
    if not read.unreadable:
        return bad
    rows = [(one.row, None, None, one.reason) for one in read.unreadable]
    return pl.concat([bad, pl.DataFrame(rows, schema=bad.schema, orient="row")]).sort("row")
