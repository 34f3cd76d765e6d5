"""Raw events with string ids, as files come: one Parquet file for each month, and a late one for the merge. Seeded.

One in a hundred events comes twice, with another received_at and sometimes another time or user.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]

START: Final = datetime(2023, 11, 1, tzinfo=UTC)
DAYS: Final = 1095
EVENTS_OF_A_USER: Final = 50
REPEATED: Final = 100
NAMES: Final = ("login", "search", "feature_used", "report_viewed", "export", "invite", "comment", "settings_changed")
_A_DAY: Final = 86_400_000_000
ROW_GROUP: Final = 100_000


def make(inbox: Path, late: Path, events: int, seed: int) -> None:
    """Writes the monthly files below `inbox`, and `late`: a day's worth of new events and as many known ids again,
    most of them of the last month, in a version that is newer or older. No more than a month is in memory as rows."""
    rng = np.random.default_rng(seed)
    drawn = _draw(rng, events)
    inbox.mkdir(parents=True, exist_ok=True)
    for month, rows in _months(drawn):
        part = drawn.rows(rows)
        repeats = _again(rng, part.sample(max(1, rows.size // REPEATED), seed=seed), spread=3 * 3_600_000_000)
        both = pl.concat([part, repeats]).sort("received_at", "event_id")
        both.write_parquet(inbox / f"{month}.parquet", row_group_size=ROW_GROUP)
    late.parent.mkdir(parents=True, exist_ok=True)
    _late(rng, drawn, max(20, events // DAYS)).write_parquet(late, row_group_size=ROW_GROUP)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Of every event who did what when, as numbers, in the order of time."""

    who: Numbers
    when: Numbers
    what: Numbers

    def rows(self, which: Numbers) -> pl.DataFrame:
        """The events of these numbers as rows of a file."""
        rows = pl.DataFrame({"n": which, "who": self.who[which], "when": self.when[which]})
        occurred = pl.lit(START).dt.cast_time_unit("us") + pl.duration(microseconds="when")
        return rows.select(
            event_id=pl.format("E{}", pl.col("n").cast(pl.String).str.zfill(9)),
            user_id=pl.format("U{}", pl.col("who").cast(pl.String).str.zfill(8)),
            customer_id=pl.format("C{}", (pl.col("who") // 3).cast(pl.String).str.zfill(8)),
            occurred_at=occurred,
            event_name=pl.Series(NAMES).gather(self.what[which]),
            value=pl.when(pl.col("n") % 20 == 0).then(pl.col("n") % 11).cast(pl.Int32),
            received_at=occurred + pl.duration(seconds=pl.col("n") % 90),
        )


def _draw(rng: np.random.Generator, events: int) -> Drawn:
    users = max(20, events // EVENTS_OF_A_USER)
    weight = 1.0 / (rng.permutation(users) + 20) ** 0.6
    who = np.searchsorted(np.cumsum(weight / weight.sum()), rng.random(events)).clip(max=users - 1)
    when = np.sort((rng.random(events) ** 0.8 * DAYS * _A_DAY).astype(np.int64))
    return Drawn(who, when, rng.integers(0, len(NAMES), events))


def _months(drawn: Drawn) -> Iterator[tuple[str, Numbers]]:
    """The numbers of the events of each month."""
    firsts = [(START.year + number // 12, number % 12 + 1) for number in range(START.month - 1, START.month - 1 + 37)]
    for (year, month), (next_year, next_month) in pairwise(firsts):
        begin, end = (
            int(np.searchsorted(drawn.when, (datetime(*first, 1, tzinfo=UTC) - START) // timedelta(microseconds=1)))
            for first in ((year, month), (next_year, next_month))
        )
        if begin < end:
            yield f"{year}-{month:02}", np.arange(begin, end)


def _again(rng: np.random.Generator, rows: pl.DataFrame, spread: int) -> pl.DataFrame:
    """Other versions of these events, received within `spread` microseconds before or after; never at the same time."""
    apart = pl.Series(rng.integers(1, spread, rows.height) * rng.choice([-1, 1], rows.height))
    moved = pl.Series(rng.random(rows.height) < 0.1)
    return rows.with_columns(
        received_at=pl.col("received_at") + pl.duration(microseconds=apart),
        occurred_at=pl.col("occurred_at") + pl.when(moved).then(pl.duration(days=1)).otherwise(pl.duration()),
        user_id=pl.when(moved).then(pl.lit("U00000007")).otherwise("user_id"),
    )


def _late(rng: np.random.Generator, drawn: Drawn, count: int) -> pl.DataFrame:
    last = np.arange(drawn.when.size)[-max(count * 30, 20) :]
    old = np.concatenate([rng.choice(last, count - count // 20), rng.integers(0, drawn.when.size, count // 20)])
    again = _again(rng, drawn.rows(np.unique(old)), spread=20 * _A_DAY)
    new = drawn.rows(last[-count:]).with_columns(pl.format("N{}", pl.col("event_id").str.slice(1)).alias("event_id"))
    return pl.concat([again, new]).sort("received_at", "event_id")


def recipe() -> str:
    """What files made by this module are known by."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
