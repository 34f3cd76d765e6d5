"""SQL expressions of the configuration: checked, bound to a file's columns, evaluated. They can only compute.

A text column used in an expression is text where the expression takes text, and a decimal number where it does not
(`Quantity > 0`): found by trying the expression on no rows. Numbers become decimals before any arithmetic, so that
money is never a float. What cannot be read as a number is reported row by row, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import polars as pl

from warehouse.errors import SourceError, UsageError
from warehouse.keys import first_line
from warehouse.values import NUMBER, read_number

Wants = Literal["number", "boolean", "any"]

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
# Queries read tables and files; the clock and neighbouring rows make a value depend on when or where it is read.
_REFUSED = re.compile(
    r"\b(select|exists|values|table|with|union|intersect|except|unnest|columns|over|now|current_\w+|localtime\w*"
    r"|(?:read|scan)_\w+)\b|\(\s*(from)\b",
    re.IGNORECASE,
)
_AMBIGUOUS = ("\\", "$", "--", "/*", "`")
_MOST_TRIED = 8
_MOST_FAILURES = 1000
_VALUE = "__value__"


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression: where it stands in the configuration (`key`), its text, and the columns it names."""

    key: str
    text: str
    expr: pl.Expr
    columns: tuple[str, ...]
    is_column: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """The values of an expression, and the rows where they cannot be had, by reason."""

    values: pl.Series
    bad: Mapping[str, pl.Series]


def column(key: str, name: str) -> Expression:
    """The expression that is just that column, whatever it is called."""
    return Expression(key, name, pl.col(name), (name,), is_column=True)


def parse(key: str, text: str) -> Expression:
    """Raises UsageError naming the key where the text is no expression, or one that does more than compute."""
    refused = _REFUSED.search(_code_in(text))
    if refused:
        word = refused[1] or refused[2]
        raise UsageError(
            f"{key}: {text!r} uses {word!r}: only computing with the columns of the row itself is allowed. "
            "Put double quotes around a column of that name."
        )
    try:
        expr = pl.sql_expr(text)
        columns = tuple(dict.fromkeys(expr.meta.root_names()))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UsageError(f"{key}: {text!r} is not an SQL expression: {first_line(error)}.") from error
    if not columns and not expr.meta.is_literal(allow_aliasing=True):
        raise UsageError(f"{key}: {text!r} names no column.")
    return Expression(key, text, expr, columns)


def evaluate(expression: Expression, frame: pl.DataFrame, wants: Wants, file: str) -> Computed:
    """The expression over the frame's rows. Raises UsageError (it does not fit the columns) or SourceError (it fails
    in very many rows)."""
    numbers = _numbers(expression, frame.select(expression.columns).schema, wants, file)
    read = {name: read_number(frame[name], NUMBER) for name in numbers}
    operands = frame.with_columns(read[name].values.alias(name) for name in numbers)
    failures: dict[str, list[int]] = {}
    parts = _computed(expression, operands, 0, failures, file)
    kinds = [part.dtype for part in parts if part.dtype != pl.Null]
    values = pl.concat([part.cast(kinds[0]) for part in parts]) if kinds else pl.concat(parts)
    bad = {f"{name} is not a number": read[name].bad for name in numbers if read[name].bad.any()}
    for reason, rows in failures.items():
        bad[reason] = pl.repeat(False, frame.height, eager=True).scatter(rows, True)
    return Computed(values, bad)


def _computed(
    expression: Expression, operands: pl.DataFrame, first: int, failures: dict[str, list[int]], file: str
) -> list[pl.Series]:
    """The values in pieces. Where the expression fails (a division by zero, a cast), the rows that make it fail are
    found by halving, noted by reason, and null."""
    try:
        return [operands.lazy().with_columns(expression.expr.alias(_VALUE)).select(_VALUE).collect()[_VALUE]]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if operands.height <= 1:
            failures.setdefault(f"it cannot be computed ({first_line(error)})", []).append(first)
            if sum(map(len, failures.values())) > _MOST_FAILURES:
                raise SourceError(
                    f"{file}: {expression.key} = {expression.text!r} fails in more than {_MOST_FAILURES} rows: "
                    f"{first_line(error)}. TRY_CAST and NULLIF give null instead."
                ) from error
            return [pl.Series(_VALUE, [None])]
        half = operands.height // 2
        before = _computed(expression, operands[:half], first, failures, file)
        return before + _computed(expression, operands[half:], first + half, failures, file)


def _numbers(expression: Expression, schema: Mapping[str, pl.DataType], wants: Wants, file: str) -> Sequence[str]:
    """The columns to read as numbers: those that are numbers already, and as few texts as the expression allows."""
    fallback: Sequence[str] | None = None
    reason = misfit = ""
    for numbers in _choices(schema):
        operands = {name: NUMBER if name in numbers else dtype for name, dtype in schema.items()}
        try:
            result = pl.DataFrame(schema=operands).select(expression.expr.alias("value"))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            reason = reason or first_line(error)
            continue
        if expression.columns and result.height:
            raise UsageError(
                f"{expression.key}: {expression.text!r} sums up many rows; only the row itself is allowed."
            )
        if _is_wanted(result.schema["value"], wants):
            return numbers
        fallback = fallback if fallback is not None else numbers
        misfit = misfit or f"it gives {result.schema['value']} where a {wants} is expected"
    if fallback is None or wants == "boolean":
        raise UsageError(f"{expression.key}: {expression.text!r} does not fit {file}: {misfit or reason}.")
    return fallback


def _choices(schema: Mapping[str, pl.DataType]) -> Iterator[tuple[str, ...]]:
    numeric = tuple(name for name, dtype in schema.items() if dtype.is_numeric())
    texts = tuple(name for name, dtype in schema.items() if dtype == pl.String)
    sizes = range(len(texts) + 1) if len(texts) <= _MOST_TRIED else (0, 1, len(texts))
    for size in sizes:
        for chosen in combinations(texts, size):
            yield numeric + chosen


def _is_wanted(dtype: pl.DataType, wants: Wants) -> bool:
    return {"number": dtype.is_numeric(), "boolean": dtype == pl.Boolean, "any": True}[wants]


def _code_in(text: str) -> str:
    """The text without what is quoted. Where it is doubtful what is quoted, all of it."""
    return text if any(mark in text for mark in _AMBIGUOUS) else _QUOTED.sub(" ", text)
