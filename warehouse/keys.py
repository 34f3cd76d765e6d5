"""One table of a TOML file: refuses keys it does not know, then gives typed values or an error that names the key.

Here belongs what any key needs. Which keys there are and what they mean belongs to config.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from warehouse.errors import UsageError


class Keys:
    """A table by its dotted name; `allowed` None takes any key. Every method raises UsageError."""

    def __init__(self, name: str, values: dict[str, Any], allowed: tuple[str, ...] | None) -> None:
        self.name = name
        self.values = values
        for key in values:
            if allowed is not None and key not in allowed:
                raise UsageError(
                    f"{self.at(key)} is not a known key.{did_you_mean(key, allowed)} Known: {listed(allowed)}."
                )

    def at(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def table(self, key: str, allowed: tuple[str, ...] | None) -> Keys:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise UsageError(f"{self.at(key)} must be a table: write [{self.at(key)}] on a line of its own.")
        return Keys(self.at(key), value, allowed)

    def optional_text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{self.at(key)} must be text, not {value!r}.")
        return value

    def text(self, key: str, default: str) -> str:
        return self.optional_text(key) or default

    def required_text(self, key: str) -> str:
        value = self.optional_text(key)
        if value is None:
            raise UsageError(f"{self.at(key)} is missing.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise UsageError(f'{self.at(key)} must be a list of texts such as ["", "NULL"], not {values!r}.')
        return tuple(values)

    def choice(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise UsageError(
                f"{self.at(key)} must be one of {listed(allowed)}, not {value!r}.{did_you_mean(value, allowed)}"
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise UsageError(f"{self.at(key)} must be true or false, not {value!r}.")
        return value

    def whole(self, key: str, default: int, least: int, most: int = 36_500) -> int:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{self.at(key)} must be a whole number from {least} to {most}, not {value}.")
        return value

    def number(self, key: str, least: float, most: float | None = None) -> float:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < least or value > (most or value):
            upper = "on" if most is None else f"to {most:g}"
            raise UsageError(f"{self.at(key)} must be a number from {least:g} {upper}, not {value}.")
        return float(value)

    def share(self, key: str, default: Decimal) -> Decimal:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= 1:
            raise UsageError(f"{self.at(key)} must be a number from 0 to 1, not {value}.")
        return Decimal(value)

    def currency(self, key: str) -> str | None:
        value = self.optional_text(key)
        if value is not None and not re.fullmatch("[A-Z]{3}", value):
            raise UsageError(f"{self.at(key)} must be a three-letter code in capitals such as USD, not {value!r}.")
        return value

    def variable(self, key: str) -> str | None:
        """The name of an environment variable. What stands there instead may be a secret, so it is not repeated."""
        value = self.optional_text(key)
        if value is not None and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", value):
            raise UsageError(
                f"{self.at(key)} must be the name of an environment variable such as HOLDFAST_WEBHOOK; what is secret "
                "stands in the variable, not in this file."
            )
        return value

    def zone(self, key: str) -> str:
        value = self.text(key, "UTC")
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(value, available_timezones())
            raise UsageError(f"{self.at(key)}: there is no time zone {value!r}.{hint} Write an IANA name.") from None
        return value


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def first_line(error: BaseException) -> str:
    """What an error says in its first line, without the full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
