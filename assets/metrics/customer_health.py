"""Which active customers show signs of leaving, and what hangs on them, at the watermark.

Here the numbers are found, two for each sign; what they say is in health.py.
Source: docs/metrics.md section 11.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from assets.conversion import rated, rounded
from assets.health import RENEWAL_DAYS, WEIGHTS, judged
from assets.money import UNITS_PER_ONE
from assets.once import once
from assets.terms import NUMBER, SUBSCRIPTION, due_days, points
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Table

COMPARED_DAYS, ANSWER_DAYS, DOWNGRADE_DAYS = 28, 90, 30
BASES = {"subscription": "is_paying", "orders": "is_ordering", "usage": "is_using"}
_DAYS_OF_TERM = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}


def _flag(name: str, description: str) -> Column:
    return Column(name, pl.Boolean, description, "flag")


def _signal(name: str, description: str) -> Column:
    return _flag(name, f"{description} {WEIGHTS[name]} off the score.")


def _count(name: str, description: str, unit: str) -> Column:
    return Column(name, pl.Int64, description, unit, minimum=0)


def _money(name: str, description: str, minimum: int | None = None) -> Column:
    return Column(name, MONEY, description, "currency", nullable=minimum is None, minimum=minimum)


table = Table(
    name="customer_health",
    description="Active customers with the signs of leaving they show, their score, and the MRR that hangs on them.",
    layer="metrics",
    grain=(Column("customer_id", pl.String, "The customer.", "id"),),
    columns=(
        *(_flag(flag, f"Active at the watermark by {basis}.") for basis, flag in BASES.items()),
        _count("logins", "Logins of the last 28 days.", "logins"),
        _count("logins_before", "Logins of the 28 days before.", "logins"),
        _signal("is_logins_down", "logins are at most half of logins_before."),
        _count("events", "Events of the last 28 days.", "events"),
        _count("events_before", "Events of the 28 days before.", "events"),
        _signal("is_usage_down", "events are at most half of events_before."),
        _money("order_value", "Net revenue of the last 28 days."),
        _money("order_value_before", "Net revenue of the 28 days before."),
        _signal("is_order_value_down", "order_value is at most half of order_value_before."),
        _money("mrr", "MRR at the watermark.", 0),
        _money("mrr_30_days_before", "MRR 30 days before.", 0),
        _signal("is_downgraded", "mrr is above 0 and under mrr_30_days_before."),
        _count("past_due_days", "Days for which a payment has been late, this one included.", "days"),
        _count("grace_days", "Days for which a late subscription counts.", "days"),
        _signal("is_past_due", "past_due_days are above 0; at grace_days it is lost."),
        Column("nps_score", pl.Float64, "The latest NPS answer in 90 days.", "points", True, None, 0, 10),
        _count("nps_limit", "Up to which an answer is a detractor's.", "points"),
        _signal("is_detractor", "nps_score is at most nps_limit."),
        _count("tickets", "Tickets of the last 28 days.", "tickets"),
        _count("tickets_before", "Tickets of the 28 days before.", "tickets"),
        _signal("is_ticket_surge", "At least 2 tickets, and at least twice tickets_before."),
        Column("days_to_renewal", pl.Int64, "Until the next term of over 60 days is due.", "days", True, None, 1),
        _count("renewal_days", "Within how many days a renewal is near.", "days"),
        _signal("is_renewal_due", "days_to_renewal is at most renewal_days."),
        Column(
            "health_score", pl.Int64, "100 less the weights of the signs; 100 shows none.", "score", False, None, 0, 100
        ),
        Column("reasons", pl.String, "The signs in words, the heaviest first.", "text", nullable=True),
        _flag("is_at_risk", "health_score is at most 70."),
        _money("mrr_at_risk", "mrr where is_at_risk, else 0.", 0),
    ),
    partitioning="whole",
    every_day=False,
    of_last_day=True,
    look_back_days=ANSWER_DAYS,
    sources=("orders", "subscriptions", "events"),
)
_ROLES = ("login", "nps", "ticket")


def measure(
    people: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    role_days: pl.LazyFrame,
    usage_days: pl.LazyFrame,
    order_days: pl.LazyFrame,
    mrr_changes: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    all_fx_rates: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per customer who is active on some basis; money in the reporting currency, else as plain numbers."""
    begins = settings.last_day - timedelta(days=ANSWER_DAYS)
    roles = once(
        role_days.filter(
            pl.col("role").is_in(_ROLES), pl.col("day") > begins, pl.col("day") <= settings.last_day
        ).select("person", "day", "role", "events", "score")
    )
    subscriptions = once(subscription_mrr.filter(pl.col("day") <= settings.last_day))
    orders = _worth(order_days, "revenue", pl.col("day"), all_fx_rates, settings)
    parts = [
        _two_windows(roles.filter(pl.col("role") == "login"), "events", "logins", settings),
        _two_windows(usage_days, "events", "events", settings),
        _two_windows(orders, "worth", "order_value", settings).with_columns(
            rounded(pl.col("order_value", "order_value_before"), settings)
        ),
        _two_windows(roles.filter(pl.col("role") == "ticket"), "events", "tickets", settings),
        _mrr(once(mrr_changes.select("person", "currency", "day", "after")), all_fx_rates, settings),
        _past_due(subscriptions, settings),
        _nps(roles),
        _renewals(subscriptions, settings),
    ]
    rows = _active(activity_spans, settings).join(
        people.filter(pl.col("kind") == "customer").select("person", customer_id="id"), on="person"
    )
    for part in parts:
        rows = rows.join(part, on="person", how="left")
    return judged(rows, settings)


def _active(activity_spans: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    last = pl.lit(settings.last_day)
    is_now = (pl.col("start_day") <= last) & (pl.col("end_day") > last).fill_null(True)
    flags = {flag: (pl.col("basis") == basis).any() for basis, flag in BASES.items()}
    return activity_spans.filter(is_now).group_by("person").agg(**flags)


def _two_windows(days: pl.LazyFrame, value: str, name: str, settings: Settings) -> pl.LazyFrame:
    """The sums of the last 28 days, and of the 28 before them as `<name>_before`."""
    last = settings.last_day
    middle, first = (last - timedelta(days=times * COMPARED_DAYS) for times in (1, 2))
    is_now = pl.col("day") > middle
    # To filter inside of each group takes ten times as long.
    parted = days.filter(pl.col("day") > first, pl.col("day") <= last).select(
        "person",
        pl.when(is_now).then(value).alias(name),
        pl.when(~is_now).then(value).alias(f"{name}_before"),
    )
    return parted.group_by("person").agg(pl.all().sum())


def _worth(rows: pl.LazyFrame, value: str, day: pl.Expr, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Adds `worth`: the amount times the rate of the day, where there is a reporting currency; not rounded yet."""
    priced = rated(rows, fx_rates, day, settings)
    return priced.with_columns(worth=pl.col(value) * pl.col("rate"))


def _mrr(mrr_changes: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """MRR now and 30 days before, both at the rates of now, so that a rate is no downgrade."""
    last = settings.last_day

    def at_end_of(day: pl.Expr, name: str) -> pl.LazyFrame:
        known = mrr_changes.filter(pl.col("day") <= day).group_by("person", "currency")
        stood = known.agg(mrr=pl.col("after").sort_by("day").last())
        worth = _worth(stood, "mrr", pl.lit(last), fx_rates, settings)
        return worth.group_by("person").agg(rounded(pl.col("worth").sum(), settings).alias(name))

    now = at_end_of(pl.lit(last), "mrr")
    before = at_end_of(pl.lit(last - timedelta(days=DOWNGRADE_DAYS)), "mrr_30_days_before")
    return now.join(before, on="person", how="left")


def _past_due(subscriptions: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """For how many days a payment has been late that still counts: of several subscriptions the longest."""
    since = (
        subscriptions.group_by(SUBSCRIPTION)
        .agg(since=pl.col("late_since").sort_by("day").last())
        .group_by("person")
        .agg(pl.col("since").min())
    )
    return since.select("person", past_due_days=(pl.lit(settings.last_day) - pl.col("since")).dt.total_days() + 1)


def _nps(roles: pl.LazyFrame) -> pl.LazyFrame:
    answers = roles.filter(pl.col("role") == "nps").group_by("person")
    return answers.agg(nps_score=pl.col("score").sort_by("day").last() / UNITS_PER_ONE)


def _renewals(subscriptions: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Days until the next term of over 60 days comes due, of the subscriptions that pay now; a term that has begun
    comes due whatever rows follow."""
    last = pl.lit(settings.last_day)
    known = once(points(subscriptions))
    length = pl.col("interval").replace_strict(_DAYS_OF_TERM, return_dtype=pl.Int64) * pl.col("interval_count")
    ahead = (last + pl.duration(days=days) for days in (1, RENEWAL_DAYS))
    due = due_days(known.filter(length > RENEWAL_DAYS), *ahead)
    paying = known.filter(pl.col("until") > last, pl.col("mrr") > 0).select(NUMBER, "person")
    near = due.join(paying, on=NUMBER)
    return near.group_by("person").agg(days_to_renewal=(pl.col("due").min() - last).dt.total_days())
