"""The data dictionary, docs/tables.md, from the declarations of the tables: `python -m pipelines.dictionary FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from warehouse import catalog
from warehouse.catalog import Catalog, Entry
from warehouse.table import Column, Derived, Measure, Ratio, Table

LAYERS = {
    "metrics": "What is published: one folder per table in every release.",
    "histories": "Published as well: what releases have to tell, one file per release that has something to tell.",
    "states": "What the published tables are computed from; kept in the warehouse, not published.",
    "sources": "The canonical form of what is delivered; kept in the warehouse, not published.",
}
PARTITIONING = {
    "month": "one file per calendar month",
    "shard": "one file per shard of people",
    "shard/month": "one file per shard of people and calendar month",
    "whole": "one file",
    "release": "one file per release",
}


def write(tables: Catalog) -> str:
    """The whole dictionary as Markdown; the same tables give the same text."""
    lines = ["# Tables", "", "Generated from the declarations under `assets/` by `make docs`: do not edit.", ""]
    for layer, told in LAYERS.items():
        lines += [f"## {layer.capitalize()}", "", told, ""]
        entries = sorted((entry for entry in tables if entry.table.layer == layer), key=lambda entry: entry.table.name)
        for entry in entries:
            lines += [*_table(entry), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(entry: Entry) -> Iterator[str]:
    table = entry.table
    yield f"### {table.name}"
    yield ""
    yield table.description
    yield ""
    grain = ", ".join(f"`{column.name}`" for column in table.keys)
    yield f"One row per {grain}; {PARTITIONING[table.partitioning]}."
    if entry.inputs:
        yield f"Made from {', '.join(f'`{name}`' for name in entry.inputs)}."
    yield ""
    yield "| column | type | unit | meaning |"
    yield "|---|---|---|---|"
    for column in table.all_columns:
        yield f"| `{column.name}` | {_type(column)} | {column.unit or ''} | {_meaning(column, table)} |"


def _type(column: Column) -> str:
    dtype = column.dtype() if isinstance(column.dtype, type) else column.dtype
    return f"{dtype}{', nullable' if column.nullable else ''}"


def _meaning(column: Column, table: Table) -> str:
    told = column.description
    if isinstance(column, Ratio) and column.numerator and column.numerator not in told:
        told += f" `{column.numerator}` / `{column.denominator}`."
    if column.allowed and column not in table.grain:
        told += f" One of {', '.join(f'`{value}`' for value in column.allowed)}."
    kind = "stock" if isinstance(column, Measure) and column.kind == "stock" else ""
    notes = [note for note in (kind, "derived" if isinstance(column, Derived) else "") if note]
    return f"{told} ({', '.join(notes)})".replace("|", "\\|") if notes else told.replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write(catalog.load()), encoding="utf-8")
