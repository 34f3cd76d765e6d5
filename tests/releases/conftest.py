from __future__ import annotations

from pathlib import Path

import pytest

from tests.releases.business import Business


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return Business(tmp_path / "warehouse")
