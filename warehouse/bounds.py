"""The section [quality]: from where on the gate warns or blocks, and what a failed check costs.

Here belong the keys, their defaults and which checks may be given another severity. What is compared with a bound is in
quality/. Imports stay light (no Polars): configuration is read on every command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from warehouse.keys import Keys

SEVERITIES = ("critical", "warning", "info")
# The checks of deliveries, days and changes. What guards the tables themselves (files, keys, identities) always blocks.
CHECKS = (
    *("the file is not empty", "the file keeps its rows"),
    *("share of a day in quarantine", "share in quarantine of small files together"),
    *("share of repeated ids", "rows of the day", "the day is delivered", "persons per row", "persons are told apart"),
    *("median amount", "amounts keep their unit", "missing channel", "missing country", "days without news"),
    "words were used before",
    *("columns are still there", "columns still have values", "columns keep their type", "columns are known"),
    *("unknown customers", "usage before the subscription began"),
    *("periods do not overlap", "an open period is the last", "rows do not get fewer"),
    *("settled days are not restated much", "settled months are not restated much"),
)
_DAYS = ("days_without_news", "settled_days")
_FACTORS = ("band_width", "times_the_amount")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares are in 0..1; `band_width` counts robust deviations, `steady_day` is a share of the usual, and
    `times_the_amount` a factor either way.

    `restated_blocks` None never blocks. `severities` gives checks by name another severity than their own.
    """

    quarantine_blocks: float = 0.25
    quarantine_warns: float = 0.05
    repeated_ids: float = 0.2
    shrunken_file: float = 0.5
    missing_attributes: float = 0.3
    nearly_nothing: float = 0.05
    unknown_customers: float = 0.2
    new_words: float = 0.25
    usual_columns: float = 0.9
    usage_before_subscription: float = 0.5
    overlapping_periods: float = 0.0
    restated_warns: float = 0.10
    restated_blocks: float | None = None
    restated_months_warn: float = 0.05
    band_width: float = 5.0
    steady_day: float = 0.6
    times_the_amount: float = 10.0
    days_without_news: int = 3
    settled_days: int = 7
    severities: Mapping[str, str] = field(default_factory=dict)


def read(table: Keys) -> Bounds:
    """The bounds of the section; raises UsageError naming the key."""
    values: dict[str, float | int] = {}
    for name in table.values.keys() - {"severities"}:
        if name in _DAYS:
            values[name] = table.whole(name, 0, least=0)
        elif name in _FACTORS:
            values[name] = table.number(name, least=1)
        else:
            values[name] = table.number(name, least=0, most=None if name.startswith("restated") else 1)
    named = table.table("severities", CHECKS)
    chosen = {check: named.choice(check, "", SEVERITIES) for check in named.values}
    return Bounds(**values, severities=chosen)  # type: ignore[arg-type]


KEYS = tuple(one.name for one in fields(Bounds))
