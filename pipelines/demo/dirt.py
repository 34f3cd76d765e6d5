"""The dirt: rows that are broken, repeated, late or in another notation, each counted exactly.

Here belongs what is wrong with the delivered rows. A broken row is always one too many, with an id of its own and one
fault: the truth of the clean rows stays as it is. Repeated rows repeat a row entirely.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.event_feed import DAY, MICROSECOND
from pipelines.demo.seasons import stream

Counts = dict[str, int]
Faults = dict[str, tuple[int, dict[str, tuple[str | None, ...]]]]
QUARANTINED = frozenset(
    {
        "missing_customer_id",
        "malformed_amount",
        "malformed_timestamp",
        "unknown_status",
        "missing_subscription_id",
        "missing_user_id",
        "missing_timestamp",
    }
)
BAD_AMOUNTS = ("12,5O", "n/a", "1.234,50 EUR")
BAD_TIMES = ("2026-13-45T10:00:00Z", "yesterday", "31/31/2025")
REDELIVERED_AFTER = 31 * DAY * MICROSECOND


def soil_orders(rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, Counts]:
    """The rows of orders with dirt, in order of delivery, and how many of each kind."""
    chance = stream(seed, "order dirt")
    faults: Faults = {
        "missing_customer_id": (_share(planted.ORDERS_WITHOUT_CUSTOMER, rows), {"customer_id": (None,)}),
        "malformed_amount": (_share(planted.BAD_ORDERS, rows), {"amount": BAD_AMOUNTS}),
        "malformed_timestamp": (_share(planted.BAD_ORDERS, rows), {"ordered_at": BAD_TIMES}),
        "unknown_status": (_share(planted.BAD_ORDERS, rows), {"status": ("shiped",)}),
    }
    broken, counts = _broken(rows, chance, faults, "order_id", "OX")
    repeated = _sample(rows, chance, _share(planted.DUPLICATE_ORDERS, rows))
    counts |= {
        "repeated_row": repeated.height,
        "newer_version": rows.height - rows["order_id"].n_unique(),
        "naive_timestamp": int(rows["is_naive"].sum()),
    }
    return _in_order([rows, broken, repeated], "order_id"), counts


def soil_changes(rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, Counts]:
    """The rows of subscription changes with dirt; repeated rows come again in a later file."""
    chance = stream(seed, "change dirt")
    each = _share(planted.BAD_CHANGES, rows)
    faults: Faults = {
        "missing_subscription_id": (each, {"subscription_id": (None,)}),
        "malformed_amount": (each, {"amount": BAD_AMOUNTS}),
        "unknown_status": (each, {"status": ("expired",)}),
    }
    broken, counts = _broken(rows, chance, faults, "change_id", "KX")
    repeated = _sample(rows, chance, _share(planted.DUPLICATE_CHANGES, rows))
    later = pl.col("delivered") + pl.duration(microseconds=REDELIVERED_AFTER)
    last = rows["delivered"].max()
    repeated = repeated.with_columns(pl.when(later <= last).then(later).otherwise("delivered").alias("delivered"))
    counts |= {"repeated_row": repeated.height, "late_row": int(rows["is_late"].sum())}
    return _in_order([rows, broken, repeated], "change_id"), counts


def soil_events(rows: pl.DataFrame, chance: np.random.Generator) -> tuple[pl.DataFrame, Counts]:
    """The event rows of some files with dirt: no user, no time, or the same event twice."""
    no_user, no_time = (_rounded(planted.BAD_EVENTS * rows.height, chance) for _ in range(2))
    late = (rows["received"] - rows["occurred"]) // (DAY * MICROSECOND)
    is_first = pl.int_range(pl.len()) < no_user
    broken = _sample(rows, chance, no_user + no_time).with_columns(
        pl.lit(rows["event"].max()).add(pl.int_range(1, pl.len() + 1)).alias("event"),
        pl.when(~is_first).then("user").alias("user"),
        pl.when(is_first).then("occurred").alias("occurred"),
    )
    repeated = _sample(rows, chance, _rounded(planted.DUPLICATE_EVENTS * rows.height, chance))
    counts = {
        "missing_user_id": int(broken["user"].null_count()),
        "missing_timestamp": int(broken["occurred"].null_count()),
        "repeated_row": repeated.height,
        "one_day_late": int(((late >= 1) & (late < planted.VERY_LATE_DAYS[0])).sum()),
        "over_30_days_late": int((late >= planted.VERY_LATE_DAYS[0]).sum()),
    }
    return pl.concat([rows, broken, repeated]).sort("received", "event"), counts


def customer_counts(rows: pl.DataFrame) -> Counts:
    """The kinds of dirt that customer rows come with."""
    return {"newer_version": rows.height - rows["customer_id"].n_unique()}


def _share(share: float, rows: pl.DataFrame) -> int:
    return max(1, round(share * rows.height))


def _rounded(number: float, chance: np.random.Generator) -> int:
    """Rounded up or down by chance, so that small parts add up to the share."""
    return int(number + chance.random())


def _sample(rows: pl.DataFrame, chance: np.random.Generator, count: int) -> pl.DataFrame:
    return rows[np.sort(chance.choice(rows.height, min(count, rows.height), replace=False))]


def _broken(
    rows: pl.DataFrame,
    chance: np.random.Generator,
    faults: Faults,
    id_column: str,
    prefix: str,
) -> tuple[pl.DataFrame, Counts]:
    """Copies of rows, each with an id of its own and one fault; the values of a fault take turns."""
    parts, counts = [], Counts()
    for kind, (count, values) in faults.items():
        part = _sample(rows, chance, count)
        turns = {name: [texts[i % len(texts)] for i in range(part.height)] for name, texts in values.items()}
        parts.append(part.with_columns(pl.Series(name, column, dtype=pl.String) for name, column in turns.items()))
        counts[kind] = part.height
    broken = pl.concat(parts)
    numbers = pl.int_range(1, broken.height + 1, eager=True).cast(pl.String).str.zfill(5)
    return broken.with_columns((prefix + numbers).alias(id_column)), counts


def _in_order(parts: list[pl.DataFrame], id_column: str) -> pl.DataFrame:
    return pl.concat(parts).sort("delivered", id_column, maintain_order=True)
