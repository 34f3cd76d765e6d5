"""What a run is asked for, in words that fit on a command line and into the configuration of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Asked:
    """By default whatever is new, up to the last complete day.

    `last_day` replaces that day. `again` are the first and last day whose files are read once more, everything from the
    first on being restated. `retake` takes what a rollback held back.
    """

    last_day: date | None = None
    again: tuple[date, date] | None = None
    retake: bool = False

    @property
    def reason(self) -> str:
        """What the release says it was made for."""
        return f"backfill {self.again[0]} to {self.again[1]}" if self.again else "run"

    def to_config(self) -> dict[str, str | bool]:
        """The fields of the `warehouse` resource in a run's configuration."""
        first, last = self.again or (None, None)
        return {
            "last_day": _text(self.last_day),
            "again_from": _text(first),
            "again_to": _text(last),
            "retake": self.retake,
        }

    @staticmethod
    def of(last_day: str, again_from: str, again_to: str, retake: bool) -> Asked:
        """The opposite of `to_config`; ValueError where a text is no ISO day."""
        again = (date.fromisoformat(again_from), date.fromisoformat(again_to)) if again_from and again_to else None
        return Asked(date.fromisoformat(last_day) if last_day else None, again, retake)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
