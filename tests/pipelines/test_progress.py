"""What a person sees while a run works."""

from __future__ import annotations

import io
import logging
from types import SimpleNamespace

import pytest

from pipelines import pace, progress
from pipelines.pace import Pace, duration
from pipelines.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    return _Clock(monkeypatch)


def _tell(shown: Progress, event: str | None, step: str | None, message: str = "") -> None:
    record = logging.LogRecord("progress", logging.INFO, "", 0, message, None, None)
    happened = SimpleNamespace(event_type_value=event) if event else None
    record.dagster_meta = {"dagster_event": happened, "step_key": step, "orig_message": message}
    shown.emit(record)


def test_a_slow_step_leaves_a_line_and_a_quick_one_none(clock: _Clock) -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown.expect(2)
    for step, took in (("orders", 0.5), ("events", 3.25)):
        _tell(shown, "STEP_START", step)
        clock.now += took
        _tell(shown, "STEP_SUCCESS", step)
    shown.close()
    assert stream.getvalue() == "[ 2/2] events: 3.2 s\n"


def test_notes_become_plain_lines_at_most_every_two_seconds(clock: _Clock) -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown.expect(1)
    _tell(shown, "STEP_START", "events")
    for number in range(5):
        clock.now += 1
        _tell(shown, None, None, f"file {number}")
    shown.close()
    assert stream.getvalue().splitlines() == ["[ 1/1] events: file 1", "[ 1/1] events: file 3"]


def test_a_terminal_keeps_one_live_line_and_leaves_it_clear(clock: _Clock) -> None:
    stream = _Terminal()
    shown = Progress(stream)
    _tell(shown, "STEP_START", "events")
    _tell(shown, None, None, "a note")
    shown.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_step_of_several_parts_tells_what_is_done_and_left(clock: _Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.time, "monotonic", lambda: clock.now)
    told: list[str] = []
    parts = Pace(told.append, "2026-01-01 to 2026-01-31, 31 days: ", [1000, 1000, 6000])
    for took in (2, 2, 12):
        clock.now += took
        parts.done()
    assert told == [
        "2026-01-01 to 2026-01-31, 31 days: 1 of 3 parts, 1,000 of 8,000 rows, about 14 s left",
        "2026-01-01 to 2026-01-31, 31 days: 2 of 3 parts, 2,000 of 8,000 rows, about 12 s left",
        "2026-01-01 to 2026-01-31, 31 days: 3 of 3 parts, 8,000 of 8,000 rows",
    ]
    Pace(told.append, "", [5]).done()
    assert len(told) == 3
    assert [duration(seconds) for seconds in (8.4, 150, 7200)] == ["8 s", "2 min", "2 h 0 min"]
