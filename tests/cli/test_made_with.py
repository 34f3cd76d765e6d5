"""What a warehouse was made with does not change under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.made_with import check_made_with
from warehouse import config
from warehouse.releases import Releases

USAGE = 2


@pytest.mark.parametrize(
    ("key", "other"), [("shards = 2", "shards = 4"), ('time_zone = "UTC"', 'time_zone = "Asia/Tokyo"')]
)
def test_another_value_is_refused_by_name(business: Path, key: str, other: str) -> None:
    head = Releases(business.parent / "warehouse").head()
    check_made_with(config.load(business), head)
    written = business.read_text()
    assert key in written
    business.write_text(written.replace(key, other, 1))
    try:
        assert main(["run", "--config", str(business)]) == USAGE
    finally:
        business.write_text(written)
