"""What was fixed when a warehouse was made, and may not change under it: its shards and its days.

A person's shard follows from its id and the number of shards, and every stored day from the reporting time zone; other
values would mix two warehouses in one.
"""

from __future__ import annotations

from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.manifest import Manifest

CODES = "person_codes"


def check_made_with(config: Config, head: Manifest | None) -> None:
    """Raises UsageError where the configuration has another number of shards or time zone than the warehouse."""
    if head is None:
        return
    made_with = {"shards": head.notes.get(CODES, {}).get("shards", config.shards), "time_zone": head.time_zone}
    for key, value in made_with.items():
        asked = getattr(config, key)
        if asked != value:
            raise UsageError(
                f"{config.file}: warehouse.{key} is {asked}, and this warehouse was made with {value}. "
                f"Set it back to {value}, or make a new warehouse in another root from the same files."
            )
