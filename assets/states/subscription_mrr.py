"""What each subscription is worth a month at the end of each day on which something about it changed.

The rules of status, grace and moving are here; adding up over a customer's subscriptions is `mrr_changes`.
Source: docs/metrics.md section 3.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import NEVER, to_date
from assets.money import monthly_amount
from assets.once import once
from warehouse.settings import Settings
from warehouse.table import UNKNOWN, Column, Table

OWNER = ("shard", "person", "currency")
_READ = (
    *("shard", "customer", "currency", "subscription_id", "day", "effective_at", "updated_at", "change_id", "status"),
    *("plan", "churn_type", "churn_reason", "current_period_end", "ended_day", "gone_day"),
    *("interval", "interval_count", "stated"),
)
TYPES = ("voluntary", "involuntary", "paused", UNKNOWN)

table = Table(
    name="subscription_mrr",
    description="End-of-day MRR of each subscription of each customer and currency, from each change on.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the customer.", "shard"),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("currency", pl.String, "Contract currency.", "ISO 4217"),
        Column("subscription_id", pl.String, "The subscription.", "id"),
        Column("day", pl.Date, "From the end of this day on.", "day"),
    ),
    columns=(
        Column("mrr", pl.Int64, "Recurring revenue a month.", "1/10000 of the currency", minimum=0),
        Column("plan", pl.String, "The plan that the row names.", "plan", nullable=True),
        Column("churn_type", pl.String, "Why, should it be lost here.", "type", allowed=TYPES),
        Column("churn_reason", pl.String, "The reason, should it be lost here.", "reason", nullable=True),
        Column("late_since", pl.Date, "Since when its payment is late, where it still counts.", "day", nullable=True),
        Column("current_period_end", pl.Date, "The day what is paid for ends, if said.", "day", nullable=True),
        Column("interval", pl.String, "What the amount is charged for.", "interval"),
        Column("interval_count", pl.Int64, "How many intervals one charge covers.", "intervals"),
    ),
    partitioning="shard",
    unit="subscription_id",
    sources=("subscriptions",),
)


def build(all_subscriptions: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row per subscription, owner and day of change. A subscription may move between customers, so it is read
    across all shards."""
    is_there = pl.col("gone_day").is_null() | (pl.col("day") < pl.col("gone_day"))
    known = once(all_subscriptions.filter(is_there).with_columns(stated=monthly_amount()).select(_READ))
    daily = _with_period_ends(_last_row_of_each_day(known))
    worth = once(_with_grace(daily, settings.grace_days))
    return pl.concat([_points(worth), _grace_ends(worth), _moves(worth), _deletions(worth), _superseded(known)]).unique(
        [*OWNER, "subscription_id", "day"], keep="first", maintain_order=True
    )


def _last_row_of_each_day(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The status on a day is that at its end: the last row of the day, in the order of docs/metrics.md section 3."""
    return (
        rows.rename({"customer": "person"})
        .sort("subscription_id", "effective_at", "updated_at", "change_id")
        .unique(["subscription_id", "day"], keep="last", maintain_order=True)
    )


def _with_period_ends(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A period that ends before the subscription's next row is followed by a row that cancels it: on its own day that
    row takes its place."""
    following = pl.col("day").shift(-1).over("subscription_id").fill_null(to_date(pl.lit(NEVER)))
    ends = rows.filter(pl.col("ended_day") < following).with_columns(day="ended_day", status=pl.lit("canceled"))
    goes_on = pl.col("ended_day").ne_missing(pl.col("day"))
    return pl.concat([rows.filter(goes_on), ends]).sort("subscription_id", "day")


def _with_grace(rows: pl.LazyFrame, grace_days: int) -> pl.LazyFrame:
    """Adds `mrr`, and of a past-due subscription that had been paying `late_since` and `grace_end`, the first day on
    which it is lost."""
    is_late = pl.col("status") == "past_due"
    run = ["subscription_id", "run"]
    was_paying = ((pl.col("status").first() == "active") & (pl.col("stated").first() > 0)).over(run)
    first_late_day = pl.col("day").filter(is_late).min().over(run)
    return (
        rows.with_columns(is_late=is_late)
        .with_columns(run=(~is_late).cum_sum())
        .with_columns(late_since=pl.when(was_paying).then(first_late_day))
        .with_columns(grace_end=pl.col("late_since") + pl.duration(days=grace_days))
        .with_columns(
            mrr=pl.when(pl.col("status") == "active")
            .then("stated")
            .when(is_late & (pl.col("day") < pl.col("grace_end")))
            .then("stated")
            .otherwise(0)
        )
    )


def _points(rows: pl.LazyFrame) -> pl.LazyFrame:
    before = {
        name: pl.col(name).shift(1).over("subscription_id").alias(f"{name}_before") for name in ("is_late", "grace_end")
    }
    in_grace = pl.col("is_late_before") & (pl.col("day") <= pl.col("grace_end_before"))
    stated_type = pl.col("churn_type")
    is_free = (pl.col("status") == "active") | (pl.col("is_late") & (pl.col("day") < pl.col("grace_end")))
    return rows.with_columns(*before.values()).select(
        *OWNER,
        "subscription_id",
        "day",
        "mrr",
        "plan",
        churn_type=pl.when(is_free)
        .then(pl.lit("voluntary"))
        .when(pl.col("status") == "paused")
        .then(pl.lit("paused"))
        .when(pl.col("is_late"))
        .then(pl.lit("involuntary"))
        .when((pl.col("status") == "canceled") & in_grace)
        .then(stated_type.fill_null("involuntary"))
        .otherwise(stated_type.fill_null(UNKNOWN)),
        churn_reason=pl.when(is_free)
        .then(pl.lit("moved_to_free"))
        .when(pl.col("is_late"))
        .then(pl.lit("past_due"))
        .otherwise("churn_reason"),
        late_since=pl.when(pl.col("is_late"), pl.col("mrr") > 0).then("late_since"),
        current_period_end="current_period_end",
        interval="interval",
        interval_count="interval_count",
    )


def _grace_ends(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Where nothing came to end a paying customer's past-due days, the grace ends by itself."""
    next_day = pl.col("day").shift(-1).over("subscription_id").fill_null(to_date(pl.lit(NEVER)))
    ended = rows.filter(pl.col("day") < pl.col("grace_end"), pl.col("grace_end") < next_day)
    return _lost(ended, pl.col("grace_end"), "involuntary", "past_due")


def _moves(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A subscription that moves to another customer or currency ends where it was."""
    owner_after = {f"{name}_after": pl.col(name).shift(-1).over("subscription_id") for name in (*OWNER, "day")}
    has_moved = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_after") for name in OWNER)
    return _lost(rows.with_columns(**owner_after).filter(has_moved), pl.col("day_after"), UNKNOWN, "moved")


def _deletions(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A subscription that a full extract no longer has ends on the day it went."""
    return _lost(rows.filter(pl.col("gone_day").is_not_null()), pl.col("gone_day"), UNKNOWN, "source_deleted")


def _superseded(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A row that another one of its day replaces is worth nothing, but a fact of its customer and currency."""
    return _lost(rows.rename({"customer": "person"}), pl.col("day"), UNKNOWN, "moved")


def _lost(rows: pl.LazyFrame, day: pl.Expr, churn_type: str, churn_reason: str) -> pl.LazyFrame:
    return rows.select(
        *OWNER,
        "subscription_id",
        day=day,
        mrr=pl.lit(0, pl.Int64),
        plan=pl.col("plan"),
        churn_type=pl.lit(churn_type),
        churn_reason=pl.lit(churn_reason),
        late_since=pl.lit(None, pl.Date),
        current_period_end=pl.lit(None, pl.Date),
        interval="interval",
        interval_count="interval_count",
    )
