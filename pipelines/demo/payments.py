"""The charges of the contracts as their payment system tells them: collected, failed, tried again.

Here belongs what is charged and when, read off the subscription changes: nothing of it changes what the contracts do.
Which payments fail is drawn in `contracts`; a failed one leaves a past-due row there.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines.demo.population import money, numbered
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.terms import PLAN_NAMES

RETRY_DAYS: Final = (3, 7, 14, 21)
FAILURE_CODES: Final = ("insufficient_funds", "expired_card", "do_not_honor")
_FREE: Final = PLAN_NAMES[-2]


def attempts(changes: pl.DataFrame, calendar: Calendar, seed: int) -> pl.DataFrame:
    """One row per attempt in order of time, in canonical columns with `delivered`.

    An active row is charged on its day and every month (or year) after, until the next row; a past-due one fails on its
    day and at each retry until the next row, and is collected on the day of that one where it is active again.
    """
    rows = _charges(changes).with_columns(
        until=pl.coalesce("next_day", pl.lit(calendar.last) + pl.duration(days=1)).cast(pl.Date)
    )
    paid = pl.concat([_collected(rows, False, "1mo"), _collected(rows, True, "1y")])
    found = pl.concat([paid, _failed(rows), _recovered(rows)]).filter(pl.col("day") <= calendar.last)
    chance = stream(seed, "payments")
    found = found.sort("day", "subscription_id", "attempt").with_columns(
        second=pl.Series(chance.integers(0, 86_400, found.height)),
        code=pl.Series(FAILURE_CODES).gather(chance.integers(0, len(FAILURE_CODES), found.height)),
    )
    at = pl.col("day").cast(pl.Datetime("us")) + pl.duration(seconds="second")
    return found.sort("day", "second", "subscription_id").select(
        numbered("Y", found.height, 8, "payment_id"),
        "customer_id",
        "subscription_id",
        pl.format("{}-{}", "subscription_id", pl.col("invoice_day").dt.to_string("%Y%m%d")).alias("invoice_id"),
        (at.dt.to_string("%Y-%m-%dT%H:%M:%S") + "Z").alias("attempted_at"),
        money("cents").alias("amount"),
        "currency",
        "status",
        "attempt",
        pl.when(pl.col("status") == "failed").then("code").alias("failure_code"),
        at.alias("delivered"),
    )


def _charges(changes: pl.DataFrame) -> pl.DataFrame:
    """The last change of each subscription and day, with what a charge comes to and when the next change is."""
    cents = {name: (pl.col(name).cast(pl.Float64) * 100).round().cast(pl.Int64) for name in ("amount", "discount")}
    line = cents["amount"] * pl.col("quantity") * (100 - pl.col("discount_percent")) // 100 - cents["discount"]
    return (
        changes.with_columns(day=pl.col("effective_at").dt.date(), cents=line)
        .sort("subscription_id", "effective_at", "change_id")
        .unique(["subscription_id", "day"], keep="last", maintain_order=True)
        .with_columns(
            next_day=pl.col("day").shift(-1).over("subscription_id"),
            next_status=pl.col("status").shift(-1).over("subscription_id"),
        )
        .filter(pl.col("cents") > 0, pl.col("plan") != _FREE)
    )


def _collected(rows: pl.DataFrame, is_yearly: bool, interval: str) -> pl.DataFrame:
    paying = rows.filter(pl.col("status") == "active", (pl.col("interval") == "year") == is_yearly)
    days = pl.date_ranges("day", "until", interval, closed="left")
    return _told(paying.with_columns(day=days).explode("day"), pl.col("day"), "succeeded", pl.lit(1, pl.Int64))


def _failed(rows: pl.DataFrame) -> pl.DataFrame:
    late = rows.filter(pl.col("status") == "past_due").with_columns(invoice_day="day")
    tries = [
        late.with_columns(pl.col("day") + pl.duration(days=after), number=pl.lit(number, pl.Int64))
        for number, after in enumerate((0, *RETRY_DAYS), 1)
    ]
    kept = pl.concat(tries).filter(pl.col("day") < pl.col("until"))
    return _told(kept, pl.col("invoice_day"), "failed", pl.col("number"))


def _recovered(rows: pl.DataFrame) -> pl.DataFrame:
    """A past-due row with an active one after it: collected on that day, as the next attempt of the same invoice."""
    late = rows.filter(pl.col("status") == "past_due", pl.col("next_status") == "active")
    waited = (pl.col("next_day") - pl.col("day")).dt.total_days()
    tried = pl.sum_horizontal((waited > after).cast(pl.Int64) for after in (0, *RETRY_DAYS))
    return _told(late.with_columns(invoice_day="day", number=tried + 1, day="next_day"), pl.col("invoice_day"),
                 "succeeded", pl.col("number"))  # fmt: skip


def _told(rows: pl.DataFrame, invoice_day: pl.Expr, status: str, attempt: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "day",
        "subscription_id",
        "customer_id",
        "currency",
        "cents",
        invoice_day=invoice_day,
        status=pl.lit(status),
        attempt=attempt,
    )
