"""The terms of subscriptions: on which days what is paid for comes to its end, and what was worth how much until then.

What became of a term, and which days are looked at, is a table's own. Source: docs/metrics.md section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from assets.calendar import MONTHS, NEVER, day_number, to_date

SUBSCRIPTION: Final = ["person", "currency", "subscription_id"]
NUMBER: Final = "number"
_DAYS: Final = {"day": 1, "week": 7}


def points(subscription_mrr: pl.LazyFrame) -> pl.LazyFrame:
    """Each change of a subscription, in order, with how long it holds (`until`), its anchor, the day its due days are
    counted from, and a NUMBER for its subscription, by which it is found faster than by its ids.

    That is the stated end of the period; else that of the paying change just before, where the interval is the same;
    else the day of the change itself.
    """
    keys = [pl.col(name) for name in SUBSCRIPTION]
    is_another = ~pl.all_horizontal(key == key.shift(1) for key in keys)
    is_same = pl.col(NUMBER) == pl.col(NUMBER).shift(1)
    goes_on = is_same & (pl.col("mrr").shift(1) > 0)
    goes_on &= pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("interval", "interval_count"))
    own = pl.when(~goes_on.fill_null(False)).then("day")
    following = pl.when(is_same.shift(-1)).then(pl.col("day").shift(-1))
    return (
        subscription_mrr.sort(*SUBSCRIPTION, "day")
        .with_columns(is_another.fill_null(True).cum_sum().alias(NUMBER))
        .with_columns(anchor=pl.coalesce("current_period_end", own), until=following.fill_null(to_date(pl.lit(NEVER))))
        # The first change of a subscription has an anchor, so none is that of another subscription.
        .with_columns(pl.col("anchor").forward_fill())
    )


def due_days(points: pl.LazyFrame, first: pl.Expr, last: pl.Expr) -> pl.LazyFrame:
    """The due days from `first` to `last` of every term that has begun: NUMBER and `due`.

    A change states the days anchor + k intervals after its own day. A term that has begun before the next change comes
    due, whatever that one says.
    """
    paying = points.filter(pl.col("mrr") > 0).with_columns(
        months=pl.col("interval").replace_strict(MONTHS, default=None, return_dtype=pl.Int32)
        * pl.col("interval_count"),
        days=pl.col("interval").replace_strict(_DAYS, default=None, return_dtype=pl.Int32) * pl.col("interval_count"),
    )
    return pl.concat([_by_months(paying, first, last), _by_days(paying, first, last)]).unique()


def standing(points: pl.LazyFrame, terms: pl.LazyFrame) -> pl.LazyFrame:
    """Each term (NUMBER, `due`) with its owner (person, currency), `mrr_due`, the last MRR above 0 before it was due,
    and `paid_day`, the last day of that MRR."""
    held = points.filter(pl.col("mrr") > 0).select(NUMBER, "person", "currency", "day", "until", mrr_due="mrr")
    return (
        terms.with_columns(before=pl.col("due") - pl.duration(days=1))
        .sort("before")
        .join_asof(
            held.sort("day"),
            left_on="before",
            right_on="day",
            by=NUMBER,
            strategy="backward",
            check_sortedness=False,
        )
        .select(
            NUMBER,
            "person",
            "currency",
            "due",
            "mrr_due",
            paid_day=pl.min_horizontal("before", pl.col("until") - pl.duration(days=1)),
        )
    )


def _by_months(paying: pl.LazyFrame, first: pl.Expr, last: pl.Expr) -> pl.LazyFrame:
    def month(day: pl.Expr) -> pl.Expr:
        return day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1

    def after(steps: pl.Expr) -> pl.Expr:
        number = month(pl.col("anchor")) + steps * pl.col("months")
        begin = pl.date(number // 12, number % 12 + 1, 1)
        return begin + pl.duration(days=pl.min_horizontal(pl.col("anchor").dt.day(), begin.dt.month_end().dt.day()) - 1)

    since = (month(pl.max_horizontal("day", first)) - month(pl.col("anchor"))) // pl.col("months")
    up_to = (month(pl.min_horizontal("until", last)) - month(pl.col("anchor"))) // pl.col("months")
    return _kept(paying.drop_nulls("months"), since, up_to, after).filter(pl.col("due").is_between(first, last))


def _by_days(paying: pl.LazyFrame, first: pl.Expr, last: pl.Expr) -> pl.LazyFrame:
    def after(steps: pl.Expr) -> pl.Expr:
        return to_date(day_number(pl.col("anchor")) + steps * pl.col("days"))

    since = (day_number(pl.max_horizontal("day", first)) - day_number(pl.col("anchor"))) // pl.col("days")
    up_to = (day_number(pl.min_horizontal("until", last)) - day_number(pl.col("anchor"))) // pl.col("days")
    return _kept(paying.drop_nulls("days"), since, up_to, after).filter(pl.col("due").is_between(first, last))


def _kept(paying: pl.LazyFrame, since: pl.Expr, up_to: pl.Expr, after: Callable[[pl.Expr], pl.Expr]) -> pl.LazyFrame:
    """Of the days `after` so many steps, from about `since` to about `up_to`, those on which a term comes due."""
    step = pl.col("step")
    begins_before_next_change = (step == 0) | (after(step - 1) < pl.col("until"))
    return (
        paying.with_columns(
            step=pl.int_ranges(
                since.clip(lower_bound=0).cast(pl.Int32),
                up_to.clip(lower_bound=-1).cast(pl.Int32) + 2,
                dtype=pl.Int32,
            )
        )
        .explode("step", empty_as_null=False)
        .with_columns(due=after(step))
        .filter(pl.col("due") > pl.col("day"), begins_before_next_change)
        .select(NUMBER, "due")
    )
