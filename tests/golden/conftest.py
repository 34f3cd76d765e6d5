"""No disk syncs here: nothing in these cases is about crashes."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _without_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
