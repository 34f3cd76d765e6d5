"""Whether every configured role has ever been played: an event name that is misspelt in `[roles]` names nothing.

What events mean is configured; what was made of them belongs to assets/states/role_days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from quality.verdict import Observation
from warehouse.manifest import DataFile, Manifest
from warehouse.store import Store

Roles = Mapping[str, tuple[str, ...]]
ROLE_DAYS = pl.Schema({"role": pl.String()})


def played(candidate: Manifest, store: Store, roles: Collection[str]) -> set[str]:
    """Those of the roles that some event has, over all days: the newest months say it of most."""
    months: dict[str, list[DataFile]] = {}
    for file in candidate.of("states", "role_days"):
        months.setdefault(file.partition.rpartition("/")[2], []).append(file)
    found: set[str] = set()
    for month in sorted(months, reverse=True):
        found |= set(store.scan(months[month], ROLE_DAYS).select(pl.col("role").unique()).collect()["role"])
        if found >= set(roles):
            break
    return found & set(roles)


def observe(roles: Roles, seen: Collection[str]) -> list[Observation]:
    """The configured roles that no event has: with their event names; nothing without roles.

    Information and no warning, as a question may be configured before the first one is asked."""
    if not roles:
        return []
    unplayed = {role: names for role, names in roles.items() if role not in seen}
    named = "; ".join(f"{role} = {', '.join(names)}" for role, names in unplayed.items())
    return [
        Observation(
            check="every role has events",
            table="events",
            observed=len(unplayed),
            low=0,
            high=0,
            severity="info",
            message="No event has a name that [roles] gives to this role, or no answer is within its scale. Is it "
            "spelt as in the events?",
            column="event_name",
            where=named,
        )
    ]
