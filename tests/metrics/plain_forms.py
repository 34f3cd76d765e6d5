"""The tables that are counted in arrays as they would be written in plain frames: what the arrays are held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from assets.calendar import day_number, to_date
from assets.metrics.customer_retention_daily import WINDOWS
from assets.metrics.mrr_daily import AMOUNTS, COUNTS
from assets.metrics.revenue_retention_daily import BASES as MONEY_BASES
from assets.metrics.revenue_retention_daily import WINDOWS as MONEY_WINDOWS
from assets.once import once
from assets.retention import (
    ACTIVE,
    BASES,
    FIRST_DAYS,
    TYPE_NUMBERS,
    activity,
    activity_on,
    recent,
)
from assets.revenue import OWNER, mrr_steps, retention_amounts
from assets.segments import spans_of, split, split_starts
from assets.steps import changes, delayed, overlay_in_range, trailing
from warehouse.settings import Settings

_BASIS_NAMES: Final = dict(enumerate(BASES))
_BASIS_NUMBERS: Final = {basis: n for n, basis in _BASIS_NAMES.items()}
_PERSONS: Final = 1 << 32
RETENTION_KEYS: Final = ["basis", "window_days", "segment", "segment_value"]
MONEY_KEYS: Final = ["basis", "window_days", "currency", "is_converted", "segment", "segment_value"]
MRR_KEYS: Final = ["currency", "segment", "segment_value"]


def customer_retention_daily(
    activity_spans: pl.LazyFrame, people: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Changes of the counts by day, basis, window and segment.

    In a window a customer has one segment value: that at its start if active then, else that at its end.
    """
    segments = once(spans_of(segment_spans, BASES))
    looks = windows(activity_spans, WINDOWS, settings)
    counts = [once(_counts(looks[days], segments, days, settings)) for days in WINDOWS]
    lengths = pl.LazyFrame({"window_days": WINDOWS}, schema={"window_days": pl.Int64})
    starts = split_starts(first_facts_by_basis(people), segments, ["basis"], settings).join(lengths, how="cross")
    return pl.concat([*counts, starts], how="diagonal")


def _counts(pieces: pl.LazyFrame, segments: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    """The changes of one window's counts. One window at a time: split by segment its pieces are many."""
    value_was_read = pl.when(pl.col("then") == 1).then(days).otherwise(0)
    pieces = split(pieces, segments, value_was_read).with_columns(window_days=pl.lit(days, pl.Int64))
    return changes(pieces, RETENTION_KEYS, window_counts(), settings.first_day, settings.last_day)


def windows(spans: pl.LazyFrame, lengths: Sequence[int], settings: Settings) -> dict[int, pl.LazyFrame]:
    """For each length in days the pieces of days D on which a customer's window (D - length, D] looks the same: basis,
    person, start, end, and the counts of the window as 0 or 1. Days outside of the range may be missing."""
    function = once(activity(_numbered(recent(spans, max(lengths), settings)), ["customer"]))
    first_starts = once(_numbered(spans).group_by("customer").agg(first_start=day_number(pl.col("start_day").min())))
    return {days: _window(function, first_starts, days, settings) for days in lengths}


def _window(function: pl.LazyFrame, first_starts: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    now = function.rename({"state": "now"})
    then = delayed(function, days).rename({"state": "then"})
    first = day_number(pl.lit(settings.first_day))
    return (
        overlay_in_range([now, then], ["customer"], settings)
        .filter((pl.col("now") == ACTIVE) | (pl.col("then") == ACTIVE))
        .join(first_starts, on="customer")
        # A piece may begin before the range, where a first span that was left out still made the customer new.
        .with_columns(is_first=pl.max_horizontal("start", first) < pl.col("first_start") + days)
        .select(
            "start",
            "end",
            "now",
            "then",
            "is_first",
            basis=(pl.col("customer") // _PERSONS).replace_strict(_BASIS_NAMES, return_dtype=pl.String),
            person=(pl.col("customer") % _PERSONS).cast(pl.UInt32),
        )
    )


def first_facts_by_basis(people: pl.LazyFrame) -> pl.LazyFrame:
    """The `day` of each customer's first fact in the source of each basis; null where it has none."""
    customers = people.filter(pl.col("kind") == "customer")
    return pl.concat(
        [customers.select("person", basis=pl.lit(basis), day=pl.col(day)) for basis, day in FIRST_DAYS.items()]
    )


def window_counts() -> dict[str, pl.Expr]:
    """The measures of one piece of a window, from `now`, `then` and `is_first`."""
    at_start, at_end = pl.col("then") == ACTIVE, pl.col("now") == ACTIVE
    lost = at_start & ~at_end
    came = at_end & ~at_start
    return {
        "customers_at_start": at_start,
        "customers_retained": at_start & at_end,
        "customers_lost": lost,
        **{f"customers_lost_{kind}": lost & (pl.col("now") == -n) for kind, n in TYPE_NUMBERS.items()},
        "customers_new": came & pl.col("is_first"),
        "customers_reactivated": came & ~pl.col("is_first"),
        "customers_at_end": at_end,
    }


def _numbered(spans: pl.LazyFrame) -> pl.LazyFrame:
    """The spans with `customer`, one number of the basis and the person: cheaper to sort and to join by."""
    basis = pl.col("basis").replace_strict(_BASIS_NUMBERS, return_dtype=pl.Int64)
    return spans.with_columns(customer=basis * _PERSONS + pl.col("person").cast(pl.Int64))


def revenue_retention_daily(
    mrr_changes: pl.LazyFrame,
    order_days: pl.LazyFrame,
    subscription_mrr: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Changes of the amounts by day, basis, window, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, MONEY_BASES)
    spans = recent(activity_spans, max(MONEY_WINDOWS), settings)
    active = {basis: once(activity_on(spans, basis)) for basis in MONEY_BASES}
    mrr = once(mrr_steps(mrr_changes))
    pieces = []
    for days in MONEY_WINDOWS:
        begins = day_number(pl.lit(settings.first_day)) - 2 * days
        ordered = order_days.filter(day_number(pl.col("day")) >= begins)
        for basis, steps in (("subscription", mrr), ("orders", trailing_revenue(ordered, days))):
            windows = revenue_windows(steps, active[basis], days, settings)
            pieces.append(windows.with_columns(basis=pl.lit(basis), window_days=pl.lit(days, pl.Int64)))
    amounts = changes(
        split(pl.concat(pieces).with_columns(is_converted=pl.lit(False)), segments, pl.col("days_ago")),
        MONEY_KEYS,
        retention_amounts(),
        settings.first_day,
        settings.last_day,
    )
    return pl.concat([amounts, _money_starts(subscription_mrr, order_days, segments, settings)], how="diagonal")


def _money_starts(
    subscription_mrr: pl.LazyFrame, order_days: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    first = pl.concat(
        [
            frame.group_by("person", "currency").agg(pl.col("day").min()).with_columns(basis=pl.lit(basis))
            for basis, frame in (("subscription", subscription_mrr), ("orders", order_days))
        ],
        how="diagonal",
    )
    lengths = pl.LazyFrame({"window_days": MONEY_WINDOWS}, schema={"window_days": pl.Int64})
    return (
        split_starts(first, segments, ["basis", "currency"], settings)
        .with_columns(is_converted=pl.lit(False))
        .join(lengths, how="cross")
    )


def trailing_revenue(order_days: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """Net order revenue of the trailing `days` days as a step function: person, currency, day, `revenue`."""
    return trailing(order_days.select(*OWNER, "revenue", day=day_number(pl.col("day"))), days, ["revenue"])


def revenue_windows(steps: pl.LazyFrame, activity: pl.LazyFrame, days: int, settings: Settings) -> pl.LazyFrame:
    """Days D of the range with revenue at D - days: person, currency, start, end, `then` (above 0), `now` (not below
    0), `days_ago`.

    The segment is read at the start of the window, `days_ago`, if the customer was active then, else at its end.
    """
    owners = steps.select(OWNER).unique()
    functions = [
        steps.rename({"revenue": "now"}),
        delayed(steps, days).rename({"revenue": "then"}),
        delayed(activity, days).join(owners, on="person"),
    ]
    return (
        overlay_in_range(functions, OWNER, settings)
        .filter(pl.col("then") > 0)
        .with_columns(pl.col("now").clip(lower_bound=0), days_ago=pl.when(pl.col("state") == 1).then(days).otherwise(0))
    )


def mrr_daily(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segment_spans: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Movements of each day, and changes of the stocks, by day, currency and segment, in contract currency."""
    segments = spans_of(segment_spans, ["subscription"])
    parts = [_in_contract_currency(mrr_changes, subscription_mrr, segments, settings)]
    if settings.reporting_currency is not None:
        parts.append(_in_any_currency(mrr_changes, subscription_mrr, segments, settings))
    return pl.concat(parts, how="diagonal").with_columns(mrr_fx=pl.lit(0, pl.Int64))


def _in_contract_currency(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    pieces = overlay_in_range([mrr_steps(mrr_changes)], OWNER, settings)
    first_fact = subscription_mrr.group_by(OWNER).agg(pl.col("day").min())
    parts = [
        _stocks(split(pieces, segments), settings),
        _movements(mrr_changes, segments, settings),
        _crossings(pieces, mrr_changes, segments, settings),
        split_starts(first_fact, segments, ["currency"], settings),
    ]
    return pl.concat(parts, how="diagonal").with_columns(is_converted=pl.lit(False))


def _in_any_currency(
    mrr_changes: pl.LazyFrame, subscription_mrr: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Customers, each counted once whatever currencies they pay in."""
    paying = overlay_in_range([mrr_steps(mrr_changes).drop("currency")], ["person"], settings)
    moved = _moved(mrr_changes, settings).unique(["person", "day", "movement"])
    first_fact = subscription_mrr.group_by("person").agg(pl.col("day").min())
    keys = ["segment", "segment_value"]
    parts = [
        changes(split(paying, segments), keys, {"customers_paying": pl.lit(1)}, settings.first_day, settings.last_day),
        _booked(moved, segments, keys, list(COUNTS.values())),
        split_starts(first_fact, segments, [], settings),
    ]
    return pl.concat(parts, how="diagonal").with_columns(
        currency=pl.lit(settings.reporting_currency), is_converted=pl.lit(True)
    )


def _stocks(pieces: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    days = (settings.first_day, settings.last_day)
    revenue, one = pl.col("revenue"), pl.lit(1)
    closing = changes(pieces, MRR_KEYS, {"mrr_closing": revenue, "customers_paying": one}, *days)
    a_day_later = pieces.with_columns(pl.col("start") + 1, pl.col("end") + 1)
    return pl.concat([closing, changes(a_day_later, MRR_KEYS, {"mrr_opening": revenue}, *days)], how="diagonal")


def _movements(mrr_changes: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    return _booked(_moved(mrr_changes, settings), segments, MRR_KEYS, [*AMOUNTS.values(), *COUNTS.values()])


def _moved(mrr_changes: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The movements of the range as pieces of one day, with their amount and count under the movement's name."""
    start = day_number(pl.col("day"))
    size = (pl.col("after") - pl.col("before")).abs()
    return mrr_changes.filter(pl.col("day").is_between(settings.first_day, settings.last_day)).select(
        *OWNER,
        "day",
        "movement",
        start=start,
        end=start + 1,
        **{name: pl.when(pl.col("movement") == kind).then(size) for kind, name in AMOUNTS.items()},
        **{name: (pl.col("movement") == kind).cast(pl.Int64) for kind, name in COUNTS.items()},
    )


def _booked(moved: pl.LazyFrame, segments: pl.LazyFrame, keys: list[str], names: list[str]) -> pl.LazyFrame:
    """Churn is booked in the segment value of the day before, everything else in that of the day."""
    days_ago = (pl.col("movement") == "churn").cast(pl.Int32)
    return split(moved, segments, days_ago).group_by(*keys, pl.col("day").alias("date")).agg(pl.col(names).sum())


def _crossings(
    pieces: pl.LazyFrame, mrr_changes: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Opening MRR of customers that enter or leave a value on a day without churning on it."""
    churned = mrr_changes.filter(pl.col("movement") == "churn").select(*OWNER, day=day_number(pl.col("day")))
    entered, left = segments.rename({"since": "day"}).drop("until"), segments.rename({"until": "day"}).drop("since")
    return pl.concat(
        [
            _opening(pieces, churned, entered, settings, "mrr_entering"),
            _opening(pieces, churned, left, settings, "mrr_leaving"),
        ],
        how="diagonal",
    )


def _opening(
    pieces: pl.LazyFrame, churned: pl.LazyFrame, crossings: pl.LazyFrame, settings: Settings, name: str
) -> pl.LazyFrame:
    day = pl.col("day")
    is_seen = day.is_between(day_number(pl.lit(settings.first_day)), day_number(pl.lit(settings.last_day)))
    return (
        crossings.filter(is_seen)
        .join(pieces, on="person")
        .filter(pl.col("start") < day, day <= pl.col("end"))
        .join(churned, on=[*OWNER, "day"], how="anti")
        .group_by(*MRR_KEYS, date=to_date(day))
        .agg(pl.col("revenue").sum().alias(name))
    )
