"""Revenue of customers and currencies as arrays, and its windows.

The plain forms are those of assets/revenue.py and assets/steps.py. Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.calendar import day_number
from assets.kernels.segment_codes import Segments, by_person
from assets.kernels.tallies import add, as_rows, number_of, places
from assets.kernels.timelines import Integers, Pieces, Timeline, at, laid_over, owner_at, timeline
from assets.packing import PERSONS, kinds_of
from warehouse.settings import Settings


def person_of(owner: Integers) -> Integers:
    return owner % PERSONS


def currency_of(owner: Integers) -> Integers:
    """The number of the owner's currency."""
    return owner // PERSONS


@dataclass(frozen=True)
class Currencies:
    """The currencies of a shard, each with a number; a person and a currency are an owner, which is one too."""

    names: pl.Series
    segments: Segments

    def owners(self, rows: pl.DataFrame) -> Integers:
        currency = rows["currency"].cast(pl.Enum(self.names)).to_physical().cast(pl.Int64).to_numpy()
        owner: Integers = currency * PERSONS + rows["person"].cast(pl.Int64).to_numpy()
        return owner

    @property
    def keys(self) -> int:
        return len(self.names) * len(self.segments)

    def key(self, owner: Integers, value: Integers) -> Integers:
        """The currency and the segment value as one number."""
        return currency_of(owner) * len(self.segments) + value

    def starts(self, facts: pl.LazyFrame, basis: str, settings: Settings) -> pl.DataFrame:
        """Where the rows of each currency and segment value begin, from the days of facts."""
        rows = facts.group_by("person", "currency").agg(day_number(pl.col("day").min())).collect()
        parts = []
        for number, currency in enumerate(self.names):
            of_currency = rows.filter(pl.col("currency") == currency)
            firsts = by_person(of_currency["person"], of_currency["day"], self.segments.people)
            begins = self.segments.starts(basis, firsts, settings)
            parts.append(begins.with_columns(pl.col("key") + number * len(self.segments)))
        return pl.concat(parts) if parts else self.segments.starts(basis, no_facts(self.segments), settings)

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with `currency`, `segment` and `segment_value` in place of the number of both, `key`."""
        number = rows["key"]
        return self.segments.named(
            rows.with_columns(
                currency=self.names.gather(number // max(1, len(self.segments))),
                key=number % max(1, len(self.segments)),
            )
        )


def no_facts(segments: Segments) -> Integers:
    nobody = np.zeros(0, np.int64)
    return by_person(nobody, nobody, segments.people)


def currencies_of(facts: pl.LazyFrame, segments: Segments) -> Currencies:
    """The currencies that there are facts in."""
    return Currencies(kinds_of(facts.select("currency").unique().collect()["currency"]).categories, segments)


def mrr_timeline(mrr_changes: pl.LazyFrame, currencies: Currencies) -> Timeline:
    """MRR of each customer and currency."""
    day = day_number(pl.col("day")).cast(pl.Int64)
    rows = mrr_changes.select("person", "currency", day, change=pl.col("after") - pl.col("before")).collect()
    return timeline(at(currencies.owners(rows), rows["day"].to_numpy()), rows["change"].to_numpy())


def trailing_revenue(rows: pl.DataFrame, owner: Integers, days: int) -> Timeline:
    """Net order revenue of the trailing `days` days."""
    came = at(owner, rows["day"].cast(pl.Int64).to_numpy())
    revenue = rows["revenue"].to_numpy()
    return timeline(np.concatenate([came, came + days]), np.concatenate([revenue, -revenue]))


def for_owners(function: Timeline, owners: Integers) -> Timeline:
    """A function of persons for each owner, a person and a currency."""
    person = owner_at(function.at)
    parts_at, parts_change = [], []
    for currency in np.unique(currency_of(owners)):
        has_it = np.zeros(int(person.max(initial=-1)) + 1, bool)
        theirs = person_of(owners[currency_of(owners) == currency])
        has_it[theirs[theirs < len(has_it)]] = True
        kept = has_it[person]
        parts_at.append(function.at[kept] + at(np.array([currency * PERSONS]), 0) - at(np.array([0]), 0))
        parts_change.append(function.change[kept])
    none = np.zeros(0, np.int64)
    return Timeline(np.concatenate([none, *parts_at]), np.concatenate([none, *parts_change]))


def revenue_window(
    revenue: Timeline, active: Timeline | None, days: int, settings: Settings
) -> tuple[Pieces, Integers]:
    """The pieces of days D of the range with revenue at D - days, values now (not below 0) and then, and how many days
    ago the segment is read: at the window's start where the customer was active then (None: always), else at its end.
    """
    first, last = number_of(settings.first_day), number_of(settings.last_day)
    functions = [revenue, revenue.delayed(days)]
    if active is not None:
        functions.append(active.delayed(days))
    pieces = laid_over(functions, first, last)
    pieces = pieces.where(pieces.values[1] > 0)
    now, then = pieces.values[0].clip(min=0), pieces.values[1]
    days_ago = np.full(len(then), days) if active is None else np.where(pieces.values[2] == 1, days, 0)
    return Pieces(pieces.owner, pieces.start, pieces.end, (now, then)), days_ago


def window_amounts(
    pieces: Pieces, days_ago: Integers, basis: str, currencies: Currencies, settings: Settings
) -> pl.DataFrame:
    """How the measures of revenue retention change, by `key` and `date`."""
    where = places(currencies.keys, settings)
    now, then = pieces.values
    amounts = {
        "payers_at_start": np.ones(len(then), np.int64),
        "revenue_at_start": then,
        "revenue_at_end": now,
        "revenue_retained": np.minimum(now, then),
    }
    sums = {name: where.zeros() for name in amounts}
    person = person_of(pieces.owner)
    for dimension in currencies.segments.on[basis]:
        part = dimension.split(pieces, person, days_ago)
        key = currencies.key(part.of_piece(pieces.owner), part.value)
        rise, fall = where.of(key, part.start), where.of(key, part.end)
        for name, amount in amounts.items():
            of_part = part.of_piece(amount)
            add(sums[name], rise, of_part)
            add(sums[name], fall, -of_part)
    return as_rows({name: where.by_day(found) for name, found in sums.items()}, where.first)
