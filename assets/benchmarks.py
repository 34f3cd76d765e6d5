"""What is usual: bands of annual customer retention by industry, and the basis they are held against.

The one declaration behind the run's summary and metric_trends. Source: docs/metrics.md sections 2 and 10.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Band:
    """The retention over 365 days that is usual for an industry, in shares."""

    label: str
    low: float
    high: float


BANDS: Final = {
    "saas": Band("SaaS and finance", 0.80, 0.90),
    "consumer": Band("consumer", 0.60, 0.80),
    "ecommerce": Band("e-commerce", 0.30, 0.50),
}
_BASES: Final = {"subscription": "subscriptions", "orders": "orders", "usage": "events"}


def leading_basis(sources: Collection[str]) -> str | None:
    """The basis that the band is for: paying customers before ordering ones, before users."""
    return next((basis for basis, source in _BASES.items() if source in sources), None)
