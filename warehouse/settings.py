"""The few declared numbers that a table may know. Nothing under assets/ reads configuration elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Settings:
    """What one computation is asked for.

    `first_day` to `last_day` is the inclusive range of days to compute; `last_day` is the watermark. The windows are
    in days. `dimensions` are the segments that some configured source has; `sources` the configured sources.
    `roles` are the names of the events that mean a login, a ticket, an answer; `industry` whose benchmarks are shown.
    """

    first_day: date
    last_day: date
    orders_window_days: int = 90
    usage_window_days: int = 28
    grace_days: int = 30
    reporting_currency: str | None = None
    gross_margin: Decimal = Decimal("0.8")
    time_zone: str = "UTC"
    sources: frozenset[str] = field(default_factory=frozenset)
    dimensions: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    industry: str = "saas"

    def of_all_days(self) -> Settings:
        """The same from the first day of all, for tables that are recomputed whole."""
        return replace(self, first_day=date(1, 1, 1))
