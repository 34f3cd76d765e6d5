"""No disk syncs here: runs are many, and none of the properties is about crashes."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _without_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
