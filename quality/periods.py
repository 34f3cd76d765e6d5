"""What the rows of one subscription say together, and what usage says of them: nothing a single row can break.

Here belongs only counting over subscriptions and customers with new rows. The tables have a rule for each of these
cases (docs/metrics.md), so none blocks: a person has to know that the source contradicts itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from quality.profile import Profile
from quality.recent import first_before
from quality.verdict import Observation
from warehouse.bounds import Bounds
from warehouse.manifest import Manifest
from warehouse.store import Store

LEAST_EVENTS = 50
PERIODS = pl.Schema(
    {
        **dict.fromkeys(("file", "subscription_id", "customer_id"), pl.String()),
        **dict.fromkeys(("day", "ended_day"), pl.Date()),
        "is_current": pl.Boolean(),
    }
)


def overlapping(profile: Profile, candidate: Manifest, store: Store, bounds: Bounds) -> list[Observation]:
    """Of the subscriptions with a period in a new file: how many contradict themselves."""
    named = _with_next(_lake(candidate, store), profile.new_files.get_column("path").to_list())
    if not named.height:
        return []
    goes_on = pl.col("next_day").is_not_null()
    overlaps = named.filter(goes_on & (pl.col("ended_day") > pl.col("next_day")))
    open_ones = named.filter(goes_on & pl.col("ended_day").is_null())
    subscriptions = named["subscription_id"].n_unique()
    return [
        _share(
            "periods do not overlap",
            overlaps,
            subscriptions,
            bounds.overlapping_periods,
            "have a period that ends after the next one began; from there on the later one counts. Are their ends "
            "inclusive (`ends_inclusive`), or do two subscriptions share an id?",
        ),
        _share(
            "an open period is the last",
            open_ones,
            subscriptions,
            bounds.overlapping_periods,
            "have a period without an end although another one follows; from there on the later one counts. Deliver "
            "the end that is missing.",
        ),
    ]


def usage_before(profile: Profile, candidate: Manifest, store: Store, bounds: Bounds) -> list[Observation]:
    """Of the events of subscribers on the judged days: how many lie before their first subscription began. Raises what
    kept the subscriptions from being read."""
    if not profile.judged or not profile.days.height:
        return []
    if profile.counts.unread is not None:
        raise profile.counts.unread
    usage = profile.counts.usage
    of_subscribers, before = int(usage["events"].sum()), int(usage["before"].sum())
    if of_subscribers < LEAST_EVENTS:
        return []
    first, last = profile.judged[0], profile.judged[-1]
    message = (
        f"{before:,} of {of_subscribers:,} events of subscribers from {first} to {last} lie before their first "
        "subscription began: the history of subscriptions may be cut off, or ids do not mean the same in both sources."
    )
    first_early = usage.filter(pl.col("before") > 0)["day"].min()
    where = f"customer {first_before(candidate, store, first_early)}" if isinstance(first_early, date) else ""
    bound = bounds.usage_before_subscription
    return [
        Observation(
            "usage before the subscription began", "events", before / of_subscribers, None, bound, "warning", message,
            "customer_id", where,
        )
    ]  # fmt: skip


def _lake(candidate: Manifest, store: Store) -> pl.LazyFrame:
    return store.scan(candidate.of("sources", "subscriptions"), PERIODS).filter("is_current")


def _with_next(periods: pl.LazyFrame, files: Sequence[str]) -> pl.DataFrame:
    """The periods of the subscriptions that these files name, each with the day the next one of its own begins."""
    named = periods.filter(pl.col("file").is_in(files)).select("subscription_id").unique()
    own = periods.join(named, on="subscription_id", how="semi").sort("subscription_id", "day")
    return own.with_columns(next_day=pl.col("day").shift(-1).over("subscription_id")).collect()


def _share(check: str, found: pl.DataFrame, subscriptions: int, bound: float, text: str) -> Observation:
    bad = found["subscription_id"].n_unique()
    day: date | None = found["day"].min() if bad else None  # type: ignore[assignment]
    where = f"subscription {found.sort('day', 'subscription_id')['subscription_id'][0]} from {day}" if bad else ""
    message = f"{bad:,} of {subscriptions:,} subscriptions in the new files {text}"
    return Observation(
        check, "subscriptions", bad / subscriptions, None, bound, "warning", message, "subscription_id", where
    )
