"""In which partition of a source rows that arrive are kept: by shard and month, late ones apart, and many in parts.

A row is late that comes in a file with rows of a later month. Late rows of a month have a partition of their own, so
that a few of them do not have a whole month written again. Of a source with many rows a month is in parts of ten days,
so that a day of it does not have the days of all the month written again. Both follow from row and file alone, in
whatever order files come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from warehouse.arrivals import Place
from warehouse.codes import shard_name
from warehouse.contract import Contract
from warehouse.names import MONTH, WHOLE

LATE: Final = "rows=late"
_PARTS: Final = {begin: f"days={begin}" for begin in (11, 21)}
# What a partition is called apart from the month's own, by the number of a row's place in it.
_APART: Final = (None, LATE, *_PARTS.values())


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
        apart = self._apart(month) if month else None
        if apart is None:
            yield self.name(place), rows
            return
        where = rows.select(pl.when(self.contract.key().is_not_null()).then(apart).otherwise(0)).to_series()
        for number in where.unique().sort():
            name = _APART[number]
            yield self.name(place, *([name] if name else [])), rows.filter(where == number)

    def _apart(self, month: int) -> pl.Expr | None:
        """The number of each row's place among those of its month; None where all have the same."""
        later = [file for file, day in self.last_days.items() if day.year * 100 + day.month > month]
        if not later and not self.contract.IN_PARTS:
            return None
        number = pl.lit(0, pl.UInt8)
        for begin in _PARTS if self.contract.IN_PARTS else ():
            number = pl.when(pl.col("day").dt.day() >= begin).then(_APART.index(_PARTS[begin])).otherwise(number)
        return pl.when(pl.col("file").is_in(later)).then(_APART.index(LATE)).otherwise(number)

    def name(self, place: Place, *apart: str) -> str:
        """The partition of a place, or the one `apart` from it."""
        shard, month = place
        if self.contract.table.partitioning == WHOLE:
            return WHOLE
        dated = [f"{MONTH}{month // 100:04d}-{month % 100:02d}"] if month else []
        return "/".join([shard_name(shard, self.shards), *apart, *dated])


def beside(name: str) -> str:
    """The partition of its month that one is apart from; of another its own name."""
    shard, *apart = name.split("/")
    return "/".join([shard, *apart[-1:]])
