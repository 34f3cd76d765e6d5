"""Raw events with string ids, as files come: one Parquet file for each month, and a late one for the merge. Seeded.

One in a hundred events comes twice, with another received_at and sometimes another time or user.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

START: Final = datetime(2023, 11, 1, tzinfo=UTC)
DAYS: Final = 1095
EVENTS_OF_A_USER: Final = 50
REPEATED: Final = 100
NAMES: Final = ("login", "search", "feature_used", "report_viewed", "export", "invite", "comment", "settings_changed")
_A_DAY: Final = 86_400_000_000
ROW_GROUP: Final = 100_000


def make(inbox: Path, late: Path, events: int, seed: int) -> None:
    """Writes the monthly files below `inbox`, and `late`: a day's worth of new events and as many known ids again,
    most of them of the last month, in a version that is newer or older."""
    rng = np.random.default_rng(seed)
    rows = _events(rng, events)
    repeats = _again(rng, rows.sample(events // REPEATED, seed=seed), spread=3 * 3_600_000_000)
    months = pl.concat([rows, repeats]).with_columns(month=pl.col("received_at").dt.strftime("%Y-%m"))
    inbox.mkdir(parents=True, exist_ok=True)
    for (month,), part in months.partition_by("month", as_dict=True, include_key=False).items():
        part.sort("received_at", "event_id").write_parquet(inbox / f"{month}.parquet", row_group_size=ROW_GROUP)
    late.parent.mkdir(parents=True, exist_ok=True)
    _late(rng, rows, max(20, events // DAYS), seed).write_parquet(late, row_group_size=ROW_GROUP)


def _events(rng: np.random.Generator, events: int) -> pl.DataFrame:
    users = max(20, events // EVENTS_OF_A_USER)
    weight = 1.0 / (rng.permutation(users) + 20) ** 0.6
    who = np.searchsorted(np.cumsum(weight / weight.sum()), rng.random(events)).clip(max=users - 1)
    when = np.sort((rng.random(events) ** 0.8 * DAYS * _A_DAY).astype(np.int64))
    names = pl.Series(NAMES).gather(rng.integers(0, len(NAMES), events))
    rows = pl.DataFrame({"n": np.arange(events), "who": who, "when": when, "event_name": names})
    occurred = pl.lit(START).dt.cast_time_unit("us") + pl.duration(microseconds="when")
    return rows.select(
        event_id=pl.format("E{}", pl.col("n").cast(pl.String).str.zfill(9)),
        user_id=pl.format("U{}", pl.col("who").cast(pl.String).str.zfill(8)),
        customer_id=pl.format("C{}", (pl.col("who") // 3).cast(pl.String).str.zfill(8)),
        occurred_at=occurred,
        event_name="event_name",
        value=pl.when(pl.col("n") % 20 == 0).then(pl.col("n") % 11).cast(pl.Int32),
        received_at=occurred + pl.duration(seconds=pl.col("n") % 90),
    )


def _again(rng: np.random.Generator, rows: pl.DataFrame, spread: int) -> pl.DataFrame:
    """Other versions of these events, received within `spread` microseconds before or after; never at the same time."""
    apart = pl.Series(rng.integers(1, spread, rows.height) * rng.choice([-1, 1], rows.height))
    moved = pl.Series(rng.random(rows.height) < 0.1)
    return rows.with_columns(
        received_at=pl.col("received_at") + pl.duration(microseconds=apart),
        occurred_at=pl.col("occurred_at") + pl.when(moved).then(pl.duration(days=1)).otherwise(pl.duration()),
        user_id=pl.when(moved).then(pl.lit("U00000007")).otherwise("user_id"),
    )


def _late(rng: np.random.Generator, rows: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    last = rows.tail(max(count * 30, 20))
    old = [last.sample(count - count // 20, seed=seed), rows.sample(count // 20, seed=seed + 1)]
    again = _again(rng, pl.concat(old).unique("event_id", maintain_order=True), spread=20 * _A_DAY)
    new = rows.tail(count).with_columns(pl.format("N{}", pl.col("event_id").str.slice(1)).alias("event_id"))
    return pl.concat([again, new]).sort("received_at", "event_id")


def recipe() -> str:
    """What files made by this module are known by."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
