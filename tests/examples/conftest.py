"""Every example as a user has it: copied, its export put into the inbox, run by the command, once for all tests.

The exports are not part of the repository; where they do not lie beside it, the tests of the example are skipped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
EXPORTS = {
    "online_retail": "data/onlineretail/onlineretail_asloaded.parquet",
    "clickstream": "data/retentioneering_ecom/ecom.csv.gz",
}


def filled(example: str, folder: Path) -> Path:
    """A copy of the example in `folder` with its export in the inbox: the path of its configuration."""
    tracked = shutil.ignore_patterns("warehouse", "*.parquet", "*.csv", "*.csv.gz")
    shutil.copytree(ROOT / "examples" / example, folder, ignore=tracked)
    shutil.copy(SHARED / EXPORTS[example], folder / "inbox")
    return folder / "holdfast.toml"


def skip_without(file: str) -> Path:
    """The file of the shared data; the test is skipped where it is not there."""
    if not (SHARED / file).exists():
        pytest.skip(f"../shared/{file} is not there")
    return SHARED / file


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """The path of a reference table by its name."""
    return lambda name: skip_without(f"reference/{name}.csv")


@pytest.fixture(scope="session")
def run_example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Runs an example by name and gives the configuration of its first release; parallel workers share one run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def run(example: str) -> Path:
        skip_without(EXPORTS[example])
        folder, done = shared / example, shared / f"{example}.done"
        with (shared / f"{example}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                assert main(["run", "--config", str(filled(example, folder))]) == 0
                done.touch()
        return folder / "holdfast.toml"

    return run
