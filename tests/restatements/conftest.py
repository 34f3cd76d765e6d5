"""No disk syncs here: nothing in these tests is about crashes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.restatements.shop import Shop


@pytest.fixture(autouse=True)
def _without_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def retention(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "customer_retention_daily")
