"""Reading the demo's inbox with nothing but plain readers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl

BAD_STATUS = {"shiped", "expired"}


def files(root: Path, source: str, ending: str) -> list[Path]:
    """The files of a source, all of one ending, in order of time."""
    found = sorted((root / "inbox" / source).iterdir())
    assert all(path.name.endswith(ending) for path in found)
    return found


def orders(root: Path) -> pl.DataFrame:
    return pl.concat([csv(path) for path in files(root, "orders", ".csv")])


def changes(root: Path) -> list[dict[str, Any]]:
    return [row for path in files(root, "subscriptions", ".jsonl.gz") for row in lines(path)]


def events(root: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in files(root, "events", ".parquet")])


def csv(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]
