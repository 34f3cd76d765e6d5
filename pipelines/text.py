"""Rows of values as plain text that fits a terminal. Knows nothing of tables, releases or audits."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

GAP = "  "


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def cell(value: object) -> str:
    """One value as a person reads it: nothing for null, thousands apart, rates to four decimals.

    Text is on one line and without what could drive a terminal.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:,}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return " ".join(plain(str(value)).split())


def plain(text: str) -> str:
    """Text that may hold what was delivered, line by line, without what could drive a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def grid(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    keys: int = 0,
    width: int | None = None,
    widest: int = 60,
) -> str:
    """Header and rows in aligned columns; too wide, the columns after the first `keys` continue in further blocks.

    Numbers stand on the right. A text longer than `widest` is cut with an ellipsis.
    """
    values = [list(row) for row in rows]
    columns = [_column(name, [row[at] for row in values], widest) for at, name in enumerate(header)]
    blocks = _blocks(columns, keys, width or shutil.get_terminal_size((120, 40)).columns)
    return "\n\n".join("\n".join(GAP.join(parts).rstrip() for parts in zip(*block, strict=True)) for block in blocks)


def _column(name: str, values: Sequence[object], widest: int) -> list[str]:
    texts = [_cut(cell(value), widest) for value in values]
    size = max([len(name), *map(len, texts)])
    numeric = any(isinstance(value, int | float | Decimal) for value in values)
    place = str.rjust if numeric else str.ljust
    return [place(name, size), *(place(text, size) for text in texts)]


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _blocks(columns: list[list[str]], keys: int, width: int) -> list[list[list[str]]]:
    fixed, rest = columns[:keys], columns[keys:]
    base = sum(len(column[0]) + len(GAP) for column in fixed)
    blocks: list[list[list[str]]] = []
    used = width + 1
    for column in rest:
        size = len(column[0]) + len(GAP)
        if used + size - len(GAP) > width:
            blocks.append([*fixed])
            used = base
        blocks[-1].append(column)
        used += size
    return blocks or [fixed]
