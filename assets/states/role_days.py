"""On which days each customer did what the configured roles name: logins, tickets, answers, referrals.

Which event names they are is `[roles]` of the configuration. Source: docs/metrics.md section 9.
"""

from __future__ import annotations

import polars as pl

from assets.money import to_units
from warehouse.settings import Settings
from warehouse.table import Column, Table

ROLES = ("login", "ticket", "nps", "csat", "ces", "referral")
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}

table = Table(
    name="role_days",
    description="Days on which each customer, through any of its users, had events of a role, and its last answer.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the customer.", "shard"),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("day", pl.Date, "The business day.", "day"),
        Column("role", pl.String, "What the events mean.", "role", allowed=ROLES),
    ),
    columns=(
        Column("events", pl.Int64, "Events of the role on that day; answers only within their scale.", "events"),
        Column(
            "score", pl.Int64, "The latest answer of the day; null where the role has none.", "1/10000", nullable=True
        ),
    ),
    partitioning="shard/month",
    unit="person",
    sources=("events",),
)


def build(events: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """One row per customer, day and role with an event; of answers at one instant the lowest counts."""
    pairs = sorted({(name, role) for role, names in settings.roles.items() for name in names})
    meant = pl.LazyFrame(pairs, schema={"event_name": pl.String, "role": pl.String}, orient="row")
    known = events.join(meant, on="event_name").with_columns(score=pl.coalesce(_score(role) for role in SCALES))
    return (
        known.filter(pl.col("score").is_not_null() | ~pl.col("role").is_in(list(SCALES)))
        .group_by(pl.col("customer_shard").alias("shard"), pl.col("customer").alias("person"), "day", "role")
        .agg(
            events=pl.len().cast(pl.Int64),
            score=pl.col("score").sort_by("occurred_at", "score", descending=[False, True]).last(),
        )
    )


def amended(before: pl.LazyFrame, gone: pl.LazyFrame, come: pl.LazyFrame) -> pl.LazyFrame:
    """Events add up; of several answers on a day it is not known here which was the last."""
    keys = ["shard", "person", "day", "role"]
    less = gone.with_columns(-pl.col("events"))
    return (
        pl.concat([before, less, come])
        .group_by(keys)
        .agg(
            pl.col("events").sum(),
            pl.col("score").max(),
            is_sure=pl.col("score").count() <= 1,
        )
        .filter((pl.col("events") != 0) | ~pl.col("is_sure"))
    )


def _score(role: str) -> pl.Expr:
    is_answer = (pl.col("role") == role) & pl.col("value").is_between(*SCALES[role])
    return pl.when(is_answer).then(to_units(pl.col("value")))
