"""Writes a world as a folder of raw files with its holdfast.toml. Nothing here knows what the rows mean."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.oracle.worlds import Row, Source, World

NUMBERS = ("amount", "refunded_amount", "discount", "discount_percent", "quantity", "interval_count", "rate")


def write(world: World, folder: Path) -> Path:
    """The folder's holdfast.toml, beside inbox/<source>/ files."""
    for source in world.sources.values():
        for name, rows in source.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_csv(path, source, rows) if path.suffix == ".csv" else write_jsonl(path, rows)
    config = folder / "holdfast.toml"
    config.write_text(toml(world))
    return config


def write_csv(path: Path, source: Source, rows: tuple[Row, ...]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(source.columns)
        writer.writerows([["" if row[name] is None else row[name] for name in source.columns] for row in rows])


def write_jsonl(path: Path, rows: tuple[Row, ...]) -> None:
    with path.open("w") as file:
        for row in rows:
            cells = [f"{json.dumps(name)}: {json_value(name, value)}" for name, value in row.items()]
            file.write("{" + ", ".join(cells) + "}\n")


def json_value(name: str, value: str | None) -> str:
    """Numbers are written as JSON numbers with their digits, everything else as text."""
    return value if name in NUMBERS and value is not None else json.dumps(value)


def toml(world: World) -> str:
    lines = ["[warehouse]", 'root = "."', f'time_zone = "{world.time_zone}"', f"shards = {world.shards}"]
    if world.reporting_currency is not None:
        lines.append(f'reporting_currency = "{world.reporting_currency}"')
    lines += ["", "[activity]", f"orders_window_days = {world.orders_window_days}",
              f"usage_window_days = {world.usage_window_days}", f"grace_days = {world.grace_days}"]  # fmt: skip
    for name, source in world.sources.items():
        lines += ["", f"[sources.{name}]", f'path = "inbox/{name}/*.{next(iter(source.files)).rsplit(".", 1)[1]}"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in source.options.items()]
    return "\n".join(lines) + "\n"
