"""Worlds kept as files in kept/: failing ones, made small, written as JSON so that no seed has to stay valid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tests.oracle.worlds import Source, World

FOLDER = Path(__file__).parent / "kept"


def write(world: World, path: Path) -> None:
    plain = asdict(world) | {"date": None if world.date is None else world.date.isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> World:
    plain: dict[str, Any] = json.loads(path.read_text())
    sources: Mapping[str, Source] = {
        name: Source(
            tuple(given["columns"]), {file: tuple(rows) for file, rows in given["files"].items()}, given["options"]
        )
        for name, given in plain["sources"].items()
    }
    asked = None if plain["date"] is None else date.fromisoformat(plain["date"])
    return World(**{**plain, "sources": sources, "date": asked})
