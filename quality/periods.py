"""What the rows of one subscription say together, and what usage says of them: nothing a single row can break.

Here belongs only counting over subscriptions and customers with new rows. The tables have a rule for each of these
cases (docs/metrics.md), so none blocks: a person has to know that the source contradicts itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from assets.packing import person_number
from quality.profile import Profile, files_since
from quality.verdict import Observation
from warehouse import codes
from warehouse.bounds import Bounds
from warehouse.manifest import Manifest
from warehouse.store import Store

LEAST_EVENTS = 50
PERIODS = pl.Schema(
    {
        **dict.fromkeys(("file", "subscription_id", "customer_id"), pl.String()),
        **dict.fromkeys(("day", "ended_day"), pl.Date()),
        "is_current": pl.Boolean(),
        "customer": pl.UInt32(),
    }
)
EVENTS = pl.Schema(
    {
        "customer_id": pl.String(),
        "customer": pl.UInt32(),
        "customer_shard": codes.SHARD(),
        "day": pl.Date(),
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
    """Of the events of subscribers on the judged days: how many lie before their first subscription began."""
    if not profile.judged or not profile.days.height:
        return []
    first, last = profile.judged[0], profile.judged[-1]
    events = store.scan(files_since(candidate.of("sources", "events"), first), EVENTS)
    judged = events.filter("is_current", pl.col("day").is_between(first, last))
    subscribed = codes.scan_with_shard(store, candidate.of("sources", "subscriptions"), PERIODS).filter("is_current")
    begins = subscribed.group_by(customer=person_number("shard", "customer")).agg(begins=pl.col("day").min())
    days = judged.group_by("day", customer=person_number("customer_shard", "customer"))
    both = days.agg(pl.len()).join(begins, on="customer").collect()
    early = both.filter(pl.col("day") < pl.col("begins"))
    of_subscribers, before = int(both["len"].sum()), int(early["len"].sum())
    if of_subscribers < LEAST_EVENTS:
        return []
    message = (
        f"{before:,} of {of_subscribers:,} events of subscribers from {first} to {last} lie before their first "
        "subscription began: the history of subscriptions may be cut off, or ids do not mean the same in both sources."
    )
    where = f"customer {_first_id(judged, early)}" if before else ""
    bound = bounds.usage_before_subscription
    return [
        Observation(
            "usage before the subscription began", "events", before / of_subscribers, None, bound, "warning", message,
            "customer_id", where,
        )
    ]  # fmt: skip


def _first_id(events: pl.LazyFrame, early: pl.DataFrame) -> str:
    """The lowest id of those (day, customer) on the first day on which there are some."""
    of_first_day = early.filter(pl.col("day") == pl.col("day").min())
    numbers, day = of_first_day["customer"].implode(), of_first_day["day"][0]
    named = events.filter(pl.col("day") == day, person_number("customer_shard", "customer").is_in(numbers))
    lowest: str = named.select(pl.col("customer_id").min()).collect().item()
    return lowest


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
