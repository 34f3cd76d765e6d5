"""Reads a golden case: a few input rows and what docs/metrics.md makes of them, worked out by hand, as one YAML file.

How a case is written is in README.md beside this file. What the tables hold is for the test to compare.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.oracle.worlds import Row, Source, World

FOLDER = Path(__file__).parent
NOTHING = "-"
CONFIG = (
    *("date", "time_zone", "reporting_currency", "shards", "roles"),
    *("orders_window_days", "usage_window_days", "grace_days", "gross_margin"),
)
IDS = {"orders": ("order_id", "o"), "events": ("event_id", "e"), "payments": ("payment_id", "p")}
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "orders": {},
    "subscriptions": {"interval": "month"},
    "events": {"event_name": "open"},
    "customers": {},
    "fx_rates": {},
    "payments": {"status": "succeeded"},
}
_RANGE = re.compile(r"^(\D*)(\d+)\.\.\1(\d+)$")


@dataclass(frozen=True, slots=True)
class Expectation:
    """Rows of one table: `where` filters it, each of `rows` names keys and asserted cells. With `only` the filter
    leaves no other row."""

    table: str
    where: Mapping[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    only: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One golden case; `name` is <table>/<file>."""

    name: str
    description: str
    rules: tuple[str, ...]
    world: World
    expected: tuple[Expectation, ...]

    @property
    def tables(self) -> list[str]:
        return list(dict.fromkeys(one.table for one in self.expected))

    def only(self, tables: Collection[str]) -> Case:
        """The same with what is expected of these tables."""
        return replace(self, expected=tuple(one for one in self.expected if one.table in tables))


def paths() -> list[Path]:
    return sorted(FOLDER.glob("*/*.yaml"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def read(path: Path) -> Case:
    """The case in the file. Raises ValueError naming the file where it is not written as README.md says."""
    given: dict[str, Any] = yaml.safe_load(path.read_text())
    _check(path, given, ("description", "rules", "config", "inputs", "expected"))
    config: dict[str, Any] = given.get("config") or {}
    _check(path, config, CONFIG)
    sources = {name: _source(path, name, source) for name, source in given["inputs"].items()}
    return Case(
        name=name_of(path),
        description=" ".join(given["description"].split()),
        rules=tuple(given["rules"]),
        world=World(sources=sources, **{"shards": 1, **config}),
        expected=tuple(_expectation(path, one) for one in given["expected"]),
    )


def _check(path: Path, given: Mapping[str, Any], allowed: Sequence[str]) -> None:
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise ValueError(f"{path}: unknown {', '.join(unknown)}; allowed are {', '.join(allowed)}")


def _source(path: Path, name: str, given: str | dict[str, Any]) -> Source:
    if isinstance(given, str):
        given = {"rows": given}
    _check(path, given, ("rows", "files", "options"))
    options: dict[str, Any] = dict(given.get("options") or {})
    texts: dict[str, str] = given.get("files") or {"a.csv": given["rows"]}
    files = {f"inbox/{name}/{file}": _rows(path, name, text, options) for file, text in texts.items()}
    columns = tuple(dict.fromkeys(column for rows in files.values() for row in rows for column in row))
    if name in ("orders", "subscriptions", "payments") and "currency" not in columns:
        options.setdefault("currency", "USD")
    whole = {
        file: tuple({column: row.get(column) for column in columns} for row in rows) for file, rows in files.items()
    }
    return Source(columns, whole, options)


def _rows(path: Path, source: str, text: str, options: Mapping[str, Any]) -> list[Row]:
    header, *lines = _cells(path, text)
    rows: list[Row] = []
    for line in lines:
        for cells in _spread(line):
            row = {column: None if cell == NOTHING else cell for column, cell in zip(header, cells, strict=True)}
            rows.append(_with_defaults(source, row, len(rows) + 1, options))
    return rows


def _with_defaults(source: str, row: Row, number: int, options: Mapping[str, Any]) -> Row:
    whole: Row = {**DEFAULTS[source], **row}
    if source in IDS:
        column, letter = IDS[source]
        whole.setdefault(column, f"{letter}{number:03}")
    if source == "subscriptions":
        whole.setdefault("subscription_id", f"s-{row['customer_id']}")
        if options.get("shape") != "periods":
            whole.setdefault("status", "active")
    return whole


def _spread(cells: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """`c001..c200` in a cell stands for as many rows."""
    ranges = [found for cell in cells if (found := _RANGE.match(cell))]
    if not ranges:
        yield tuple(cells)
        return
    letters, first, last = ranges[0].groups()
    for number in range(int(first), int(last) + 1):
        name = f"{letters}{number:0{len(first)}}"
        yield tuple(name if cell == ranges[0].group() else cell for cell in cells)


def _cells(path: Path, text: str) -> list[tuple[str, ...]]:
    """The words of each line of a table; what follows a # is for the reader."""
    lines = [tuple(line.split("#")[0].split()) for line in text.splitlines()]
    kept = [line for line in lines if line]
    for line in kept:
        if len(line) != len(kept[0]):
            raise ValueError(f"{path}: {' '.join(line)} has {len(line)} cells, {' '.join(kept[0])} has {len(kept[0])}")
    return kept


def _expectation(path: Path, given: dict[str, Any]) -> Expectation:
    _check(path, given, ("table", "where", "rows", "only"))
    columns, *rows = _cells(path, given["rows"])
    where = {column: _text(value) for column, value in (given.get("where") or {}).items()}
    return Expectation(given.get("table", path.parent.name), where, columns, tuple(rows), bool(given.get("only")))


def _text(value: object) -> str:
    """A YAML value as the tables write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
