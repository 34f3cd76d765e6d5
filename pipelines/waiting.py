"""Rows that came later than `max_late_days` allows: how many wait, and which backfill takes them in."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Waiting:
    """`since` is the first day (ISO) of a file with such rows."""

    rows: int
    since: str

    @property
    def advice(self) -> str:
        they = "1 row came too late and waits" if self.rows == 1 else f"{self.rows:,} rows came too late and wait"
        return f"{they} for a backfill: holdfast backfill --from {self.since}"


def waiting(release: Manifest) -> Waiting | None:
    """What waits in this release, over all sources; None where nothing does."""
    found = [noted for source in release.notes.values() if (noted := source.get("waiting"))]
    return Waiting(sum(one["rows"] for one in found), min(one["from"] for one in found)) if found else None
