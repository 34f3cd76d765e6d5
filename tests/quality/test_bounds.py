"""The section [quality]: defaults, what it changes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.quality.shop import CONFIG, FIRST, Delivery, Shop, daily, fails
from warehouse import config
from warehouse.bounds import CHECKS, Bounds
from warehouse.errors import UsageError

ORDERS = '[sources.orders]\npath = "inbox/*"\n'


def load(folder: Path, section: str) -> Bounds:
    (folder / "holdfast.toml").write_text(section + ORDERS)
    return config.load(folder / "holdfast.toml").quality


def test_without_the_section_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Bounds()


def test_bounds_and_severities_are_read(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "[quality]\nquarantine_blocks = 0.5\nrestated_blocks = 2\nsettled_days = 30\n"
        '[quality.severities]\n"rows of the day" = "critical"\n',
    )
    assert found == Bounds(
        quarantine_blocks=0.5, restated_blocks=2.0, settled_days=30, severities={"rows of the day": "critical"}
    )


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("[quality]\nquarantine_block = 0.5\n", r"quality\.quarantine_block is not a known key.*quarantine_blocks"),
        ("[quality]\nquarantine_blocks = 25\n", r"quality\.quarantine_blocks must be a number from 0 to 1"),
        ("[quality]\nband_width = 0.5\n", r"quality\.band_width must be a number from 1 on"),
        ("[quality]\nsettled_days = -1\n", r"quality\.settled_days must be a whole number"),
        ('[quality.severities]\n"rows of a day" = "info"\n', r"rows of a day is not a known key.*rows of the day"),
        ('[quality.severities]\n"rows of the day" = "error"\n', r"rows of the day must be one of critical, warning"),
    ],
)
def test_a_mistake_is_named_by_its_key(tmp_path: Path, section: str, key: str) -> None:
    with pytest.raises(UsageError, match=key):
        load(tmp_path, section)


def test_bounds_change_no_number_so_nothing_is_computed_again(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(ORDERS)
    plain = config.load(tmp_path / "holdfast.toml")
    assert replace(plain, quality=Bounds(quarantine_blocks=1)).version == plain.version


def test_they_reach_the_checks(tmp_path: Path) -> None:
    """A delivery that blocks by default passes by other bounds, and warns by another severity."""
    shop = Shop(tmp_path / "warehouse")
    history = daily(2000, 35)
    shop.publish(history)
    next_day = FIRST + timedelta(days=35)
    candidate = shop.stage([*history, Delivery(next_day, 2000, without_id=900)])

    def severities(quality: Bounds) -> set[tuple[str, str]]:
        asked = SimpleNamespace(**{**vars(CONFIG), "quality": quality})
        return {(one.severity, one.check) for one in shop.audit(candidate, asked).observations if fails(one)}

    share, day = "share in quarantine", "share of a day in quarantine"
    assert severities(Bounds()) == {("critical", share), ("warning", share), ("critical", day)}
    assert severities(Bounds(severities={day: "info"})) == {("critical", share), ("warning", share), ("info", day)}
    assert severities(Bounds(quarantine_blocks=0.5, quarantine_warns=0.5)) == set()


def test_every_check_that_may_be_weighed_exists() -> None:
    """Its name stands in the module that makes it."""
    sources = "".join(path.read_text() for path in (Path(__file__).parents[2] / "quality").glob("*.py"))
    dynamic = {f"missing {name}" for name in ("channel", "country")}
    assert [check for check in CHECKS if check not in dynamic and f'"{check}"' not in sources] == []
