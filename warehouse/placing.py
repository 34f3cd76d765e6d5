"""In which partition of a source rows that arrive are kept: by shard and month, late ones apart.

A row is late that comes in a file with rows of a later month. Late rows of a month have a partition of their own, so
that a few of them do not have a whole month written again. That follows from the file alone, in whatever order files
come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from warehouse.arrivals import Place
from warehouse.codes import shard_name
from warehouse.contract import Contract
from warehouse.names import MONTH, WHOLE

LATE = "rows=late"


@dataclass(frozen=True, slots=True)
class Placing:
    """`last_days` are the newest days of the files that arrive, as far as they have rows."""

    contract: Contract
    shards: int
    last_days: Mapping[str, date]

    def parted(self, place: Place, rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """The arrived rows of a place by the name of their partition. Rows without a key are never apart: they meet
        their like in their own partition only."""
        _, month = place
        later = [file for file, day in self.last_days.items() if day.year * 100 + day.month > month]
        if not month or not later:
            yield self.name(place), rows
            return
        is_late = rows.select(pl.col("file").is_in(later) & self.contract.key().is_not_null()).to_series()
        if not is_late.all():
            yield self.name(place), rows.filter(~is_late)
        if is_late.any():
            yield self.name(place, LATE), rows.filter(is_late)

    def name(self, place: Place, *apart: str) -> str:
        """The partition of a place, or the one `apart` from it."""
        shard, month = place
        if self.contract.table.partitioning == WHOLE:
            return WHOLE
        dated = [f"{MONTH}{month // 100:04d}-{month % 100:02d}"] if month else []
        return "/".join([shard_name(shard, self.shards), *apart, *dated])


def beside(name: str) -> str:
    """The partition that late rows are apart from; of another its own name."""
    return name.replace(f"/{LATE}/", "/")
