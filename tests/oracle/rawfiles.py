"""Writes a world as a folder of raw files with its holdfast.toml. Nothing here knows what the rows mean."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import polars as pl

from tests.oracle.worlds import Row, Source, World

NUMBERS = ("amount", "refunded_amount", "discount", "discount_percent", "quantity", "interval_count", "rate")


def write(world: World, folder: Path) -> Path:
    """The folder's holdfast.toml, beside inbox/<source>/ files."""
    for source in world.sources.values():
        for name, rows in source.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            ending = name.split(".", 1)[1]
            if ending == "parquet":
                parquet(source, rows).write_parquet(path)
            else:
                text = csv_text(source, rows) if ending.startswith("csv") else jsonl_text(rows)
                path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    config = folder / "holdfast.toml"
    config.write_text(toml(world))
    return config


def parquet(source: Source, rows: tuple[Row, ...]) -> pl.DataFrame:
    """Amounts as decimals, everything else as text."""
    frame = pl.DataFrame(
        [[row[name] for name in source.columns] for row in rows], dict.fromkeys(source.columns, pl.String), orient="row"
    )
    return frame.with_columns(pl.col(name).cast(pl.Decimal(30, 10)) for name in source.columns if name in NUMBERS)


def csv_text(source: Source, rows: tuple[Row, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(source.columns)
    writer.writerows([["" if row[name] is None else row[name] for name in source.columns] for row in rows])
    return text.getvalue()


def jsonl_text(rows: tuple[Row, ...]) -> str:
    lines = (", ".join(f"{json.dumps(name)}: {json_value(name, value)}" for name, value in row.items()) for row in rows)
    return "".join(f"{{{line}}}\n" for line in lines)


def json_value(name: str, value: str | None) -> str:
    """Numbers are written as JSON numbers with their digits, everything else as text."""
    return value if name in NUMBERS and value is not None else json.dumps(value)


def toml(world: World) -> str:
    lines = ["[warehouse]", 'root = "."', f'time_zone = "{world.time_zone}"', f"shards = {world.shards}"]
    lines += [f"gross_margin = {world.gross_margin}", f'industry = "{world.industry}"']
    if world.reporting_currency is not None:
        lines.append(f'reporting_currency = "{world.reporting_currency}"')
    lines += ["", "[activity]", f"orders_window_days = {world.orders_window_days}",
              f"usage_window_days = {world.usage_window_days}", f"grace_days = {world.grace_days}"]  # fmt: skip
    lines += ["", "[days]", f"settle_days = {world.settle_days}"]
    lines += ["", "[roles]", *(f"{role} = {json.dumps(name)}" for role, name in world.roles.items())]
    for name, source in world.sources.items():
        lines += ["", f"[sources.{name}]", f'path = "inbox/{name}/*.{next(iter(source.files)).split(".", 1)[1]}"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in source.options.items()]
    return "\n".join(lines) + "\n"
