"""In which partition of a source rows that arrive are kept: by shard and month, and some apart from their month.

A row is late that comes in a file with rows of a later month. Late rows of a month have a partition of their own, so
that a few of them do not have a whole month written again. Of a source with many rows, what files of few days bring of
the days from the 11th and from the 21st on has one each, so that a day does not have the days of all the month written
again. Both follow from row and file alone, in whatever order files come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
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
# What a partition is called apart from its month's own, which is the first.
_STEPS: Final = ("", LATE, *_PARTS.values())


@dataclass(frozen=True, slots=True)
class Placing:
    """`last_days` are the newest days of the files that arrive, as far as they have rows; `of_few_days` those files
    that are."""

    contract: Contract
    shards: int
    last_days: Mapping[str, date]
    of_few_days: Set[str] = frozenset()

    def parted(self, place: Place, rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """The arrived rows of a place by the name of their partition. Rows without a key lie in the month's own: there
        they meet their like, whenever that came."""
        _, month = place
        step = self._step(month) if month else None
        if step is None:
            yield self.name(place), rows
            return
        numbers = rows.select(pl.when(self.contract.key().is_not_null()).then(step).otherwise(0)).to_series()
        for number in numbers.unique().sort():
            yield self.name(place, _STEPS[number]), rows.filter(numbers == number)

    def _step(self, month: int) -> pl.Expr | None:
        """The number of the step that a row with a key is apart by; None where no row of the month is."""
        later = [file for file, day in self.last_days.items() if day.year * 100 + day.month > month]
        parted = sorted(self.of_few_days) if self.contract.IN_PARTS else []
        if not later and not parted:
            return None
        number, is_parted = pl.lit(0, pl.UInt8), pl.col("file").is_in(parted)
        for begin, step in _PARTS.items():
            number = pl.when(is_parted & (pl.col("day").dt.day() >= begin)).then(_STEPS.index(step)).otherwise(number)
        return pl.when(pl.col("file").is_in(later)).then(_STEPS.index(LATE)).otherwise(number)

    def name(self, place: Place, step: str = "") -> str:
        """The partition of a place, or the one apart from it by a step."""
        shard, month = place
        if self.contract.table.partitioning == WHOLE:
            return WHOLE
        dated = [f"{MONTH}{month // 100:04d}-{month % 100:02d}"] if month else []
        return "/".join([shard_name(shard, self.shards), *([step] if step else []), *dated])


def is_of_few_days(rows: Mapping[date, int]) -> bool:
    """Whether most rows of a file, which are told by day, are of the part of a month that its newest day is in."""
    newest = _part_of(max(rows, default=date.min))
    return 2 * sum(count for day, count in rows.items() if _part_of(day) == newest) > sum(rows.values())


def _part_of(day: date) -> tuple[int, int, int]:
    return day.year, day.month, sum(day.day >= begin for begin in _PARTS)


def beside(name: str) -> str:
    """The partition of its month that one is apart from: shard=00/month=2026-10 of shard=00/days=21/month=2026-10. Of
    another its own name."""
    shard, *steps = name.split("/")
    return "/".join([shard, *steps[-1:]])
