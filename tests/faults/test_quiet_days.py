"""A few of the quiet days; `python -m tests.faults.quiet_days` delivers 200."""

from __future__ import annotations

from pathlib import Path

from tests.faults.quiet_days import alarms


def test_days_around_the_turn_of_the_year_raise_no_alarm(tmp_path: Path) -> None:
    """Christmas and a weekend in between, after twelve weeks of history."""
    assert list(alarms(tmp_path / "demo", customers=500, days=5, history=84)) == []
