"""One small demo, made once for the tests that only look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo import generate

CUSTOMERS, DAYS, SEED = 600, 200, 3


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    generate(folder, CUSTOMERS, DAYS, SEED)
    return folder


@pytest.fixture(scope="session")
def truth(demo: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo / "truth.json").read_text())
    return found
