"""The rules a metric table's own declaration makes: nulls, allowed values, bounds, one row per key, some rows.

Here belongs what a declaration implies and how Polars counts the rows that break it. Which rules tie several columns
or tables is in identities.py; who judges is in judging.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from quality.verdict import Observation
from warehouse.table import Column, Table

Kind = Literal["rows", "unique", "not_null", "allowed", "bounds", "finite"]
WHERE_KEYS = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a table. `columns` are the key for `unique`, none for `rows`, else the one column it is about."""

    kind: Kind
    table: str
    columns: tuple[str, ...] = ()
    allowed: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def column(self) -> str | None:
        return ", ".join(self.columns) or None

    @property
    def bound(self) -> str:
        """The rule in words."""
        if self.kind == "rows":
            return "at least 1 row"
        if self.kind == "unique":
            return "one row per key"
        if self.kind == "not_null":
            return "no nulls"
        if self.kind == "allowed":
            return "one of " + ", ".join(map(str, self.allowed))
        if self.kind == "finite":
            return "no NaN and no infinity"
        low, high = (None if end is None else f"{end:g}" for end in (self.minimum, self.maximum))
        return f"from {low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"

    def broken(self) -> pl.Expr:
        """Which rows break the rule, as a boolean column; for `rows` no row can."""
        if self.kind == "rows":
            return pl.lit(False)
        if self.kind == "unique":
            return (
                pl.struct(self.columns).is_duplicated()
                if len(self.columns) > 1
                else pl.col(self.columns[0]).is_duplicated()
            )
        value = pl.col(self.columns[0])
        if self.kind == "not_null":
            return value.is_null()
        if self.kind == "allowed":
            return value.is_not_null() & ~value.is_in(list(self.allowed))
        if self.kind == "finite":
            return value.is_finite().not_().fill_null(False)
        outside = pl.lit(False)
        if self.minimum is not None:
            outside = outside | (value < self.minimum)
        if self.maximum is not None:
            outside = outside | (value > self.maximum)
        return outside.fill_null(False)


def rules_of(table: Table) -> tuple[Rule, ...]:
    """What the declaration promises about the table's rows."""
    key = tuple(column.name for column in table.keys)
    return (
        Rule("rows", table.name),
        Rule("unique", table.name, key),
        *(rule for column in table.all_columns for rule in _column_rules(table.name, column)),
    )


def count(rules: Sequence[Rule], frame: pl.DataFrame, key: tuple[str, ...]) -> list[Observation]:
    """How many rows break each rule (for `rows`: how many there are), in one pass; `key` are the columns that name a
    row."""
    asked = (pl.lit(0) if _are_told_apart(rule, frame) else rule.broken().sum() for rule in rules)
    broken = frame.select(one.cast(pl.Int64).alias(f"{number}") for number, one in enumerate(asked))
    counts = broken.row(0) if rules else ()
    return [_observation(rule, number or 0, frame, key) for rule, number in zip(rules, counts, strict=True)]


def _are_told_apart(rule: Rule, frame: pl.DataFrame) -> bool:
    """Whether no two rows have a key in common, as no two have the same hash of it: that is found several times faster
    than which keys there are."""
    if rule.kind != "unique":
        return False
    return frame.select(rule.columns).hash_rows().n_unique() == frame.height


def _observation(rule: Rule, broken: int, frame: pl.DataFrame, key: tuple[str, ...]) -> Observation:
    if rule.kind == "rows":
        text = "The table is empty although its inputs are not: a defect or damage, nothing a delivery can cause."
        return Observation("rows", rule.table, frame.height, 1, None, "critical", text)
    text = f"The declaration of {rule.table} promises {rule.bound}: a defect of the table's code, or a damaged file."
    where = locate(frame, rule.broken(), key) if broken else ""
    return Observation(rule.kind, rule.table, broken, 0, 0, "critical", text, rule.column, where, rule.bound)


def _column_rules(table: str, column: Column) -> list[Rule]:
    rules = []
    if not column.nullable:
        rules.append(Rule("not_null", table, (column.name,)))
    if column.allowed is not None:
        rules.append(Rule("allowed", table, (column.name,), allowed=column.allowed))
    if column.minimum is not None or column.maximum is not None:
        rules.append(Rule("bounds", table, (column.name,), minimum=column.minimum, maximum=column.maximum))
    if column.dtype in (pl.Float32, pl.Float64):
        rules.append(Rule("finite", table, (column.name,)))
    return rules


def locate(frame: pl.DataFrame, broken: pl.Expr, key: tuple[str, ...]) -> str:
    """The keys of the first rows that break a rule, as text a person can search for."""
    rows = frame.filter(broken).select(key).sort(key).unique(maintain_order=True).head(WHERE_KEYS)
    return "; ".join(" ".join(f"{name}={value}" for name, value in row.items()) for row in rows.iter_rows(named=True))
