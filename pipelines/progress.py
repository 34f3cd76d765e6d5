"""What a person sees while a run works: one live line on a terminal, plain lines otherwise.

Here belong the counting of steps and how a line looks. What happened is told by Dagster's events, through a logger.
"""

import logging
import sys
import threading
import time
from typing import TextIO

import dagster as dg

LOGGER = "progress"
STEPS = {"STEP_START", "STEP_RESTARTED", "STEP_SUCCESS", "STEP_FAILURE"}
SLOW_SECONDS = 2.0
TICK_SECONDS = 0.5


class Progress(logging.Handler):
    """Shows the running step; a step that took longer than two seconds leaves a line behind.

    Off a terminal a note becomes a line too, where two seconds went by without one.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._is_live = self._stream.isatty()
        self._steps = self._done = 0
        self._step, self._note, self._since, self._told = "", "", 0.0, time.monotonic()
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def expect(self, steps: int) -> None:
        """How many steps there will be."""
        self._steps = steps

    def emit(self, record: logging.LogRecord) -> None:
        told = getattr(record, "dagster_meta", {})
        event, step = told.get("dagster_event"), told.get("step_key")
        if event is None and record.levelno >= logging.INFO:
            self._say(told.get("orig_message") or record.getMessage())
        elif event is not None and event.event_type_value in STEPS:
            self._advance(event.event_type_value, str(step))

    def close(self) -> None:
        self._stop.set()
        if self._ticker:
            self._ticker.join()
        self._clear()
        super().close()

    def _advance(self, event: str, step: str) -> None:
        if event in ("STEP_START", "STEP_RESTARTED"):
            self._step, self._note, self._since = step, "", time.monotonic()
            self._start_ticking()
            return
        self._done += event == "STEP_SUCCESS"
        took = time.monotonic() - self._since
        if event == "STEP_SUCCESS" and took >= SLOW_SECONDS:
            self.line(f"{self._count()} {step}: {took:.1f} s")
        self._step = ""

    def _say(self, note: str) -> None:
        self._note = note
        if not self._is_live and time.monotonic() - self._told >= SLOW_SECONDS:
            self.line(f"{self._count(1)} {self._step}: {note}")

    def _count(self, ahead: int = 0) -> str:
        done = self._done + ahead
        return f"[{done:>2}/{self._steps}]" if self._steps else f"[{done:>2}]"

    def line(self, text: str) -> None:
        """Prints a line that stays."""
        self._clear()
        self._told = time.monotonic()
        print(text, file=self._stream, flush=True)

    def _start_ticking(self) -> None:
        if self._is_live and self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()

    def _tick(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            if self._step:
                took = time.monotonic() - self._since
                note = f": {self._note}" if self._note else ""
                self._stream.write(f"\r\x1b[K{self._count(1)} {self._step}{note}  {took:.0f} s"[:110])
                self._stream.flush()

    def _clear(self) -> None:
        if self._is_live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def build_logger(progress: Progress) -> dg.LoggerDefinition:
    """A Dagster logger that only tells `progress`."""

    @dg.logger(config_schema={}, description="Progress lines for a person.")
    def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
        log = logging.Logger(LOGGER, level=logging.DEBUG)
        log.addHandler(progress)
        return log

    return progress_logger
