"""One small made-up business, run once, that the tests of all commands read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main


@pytest.fixture(scope="session")
def business(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a demo whose first release is published."""
    folder = tmp_path_factory.mktemp("business")
    assert main(["demo", str(folder / "demo"), "--customers", "150", "--days", "100", "--seed", "3"]) == 0
    file = folder / "demo" / "holdfast.toml"
    file.write_text(file.read_text().replace("shards = 4", "shards = 2"))  # so few rows need no more
    assert main(["run", "--config", str(file)]) == 0
    return file
