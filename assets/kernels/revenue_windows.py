"""Revenue of customers and currencies as arrays, and its windows.

The plain forms are those of assets/revenue.py and assets/steps.py. Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from assets.calendar import NEVER, day_number
from assets.kernels.segment_codes import Segments, by_person
from assets.kernels.tallies import Places, book, number_of
from assets.kernels.timelines import Integers, Pieces, Timeline, at, laid_over, owner_at, timeline
from assets.packing import PERSON_BITS, PERSONS, kinds_of
from warehouse.settings import Settings


def person_of(owner: Integers) -> Integers:
    return owner & (PERSONS - 1)


def currency_of(owner: Integers) -> Integers:
    """The number of the owner's currency."""
    return owner >> PERSON_BITS


@dataclass(frozen=True)
class Currencies:
    """The currencies of a shard, each with a number; a person and a currency are an owner, which is one too.

    `firsts` are the days of the first fact by currency and person, NEVER for none. Of all currencies and segment values
    only the `pairs` that some owner has are numbered in turn, as keys: of many currencies and countries they are few.
    """

    names: pl.Series
    segments: Segments
    basis: str
    firsts: Mapping[int, Integers]
    pairs: Integers

    def owners(self, rows: pl.DataFrame) -> Integers:
        return owners_of(rows, self.names)

    @property
    def keys(self) -> int:
        return len(self.pairs)

    @cached_property
    def _keys_of_pairs(self) -> Integers:
        """The key of each pair; for one that nobody has a number beyond every place."""
        found = np.full(len(self.names) * len(self.segments), PERSONS)
        found[self.pairs] = np.arange(self.keys)
        return found

    def key(self, owner: Integers, value: Integers) -> Integers:
        """The number of the currency and the segment value."""
        found: Integers = self._keys_of_pairs[currency_of(owner) * len(self.segments) + value]
        return found

    def starts(self, settings: Settings) -> tuple[Integers, Integers]:
        """The keys that have rows, and of each the first day on which one with a fact has the value."""
        parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for number, first_day in self.firsts.items():
            value, day = self.segments.starts(self.basis, first_day, settings)
            parts.append((self._keys_of_pairs[number * len(self.segments) + value], day))
        keys, days = zip(*parts, strict=True)
        return np.concatenate(keys), np.concatenate(days)

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with `currency`, `segment` and `segment_value` in place of the number of both, `key`."""
        currency, value = np.divmod(self.pairs, max(1, len(self.segments)))
        key = rows["key"].to_numpy()
        return self.segments.named(rows.with_columns(currency=self.names.gather(currency[key]), key=value[key]))


def owners_of(rows: pl.DataFrame, currencies: pl.Series) -> Integers:
    """The owner of each row, from its `person` and `currency`."""
    currency = rows["currency"].cast(pl.Enum(currencies)).to_physical().cast(pl.Int64).to_numpy()
    owner: Integers = (currency << PERSON_BITS) + rows["person"].cast(pl.Int64).to_numpy()
    return owner


def currencies_of(facts: pl.LazyFrame, basis: str, segments: Segments) -> Currencies:
    """The currencies that there are facts in (`person`, `currency`, `day`), by the segments of the basis."""
    rows = facts.select("person", "currency", day_number(pl.col("day")).cast(pl.Int64)).collect()
    names = kinds_of(rows["currency"]).categories
    owner, day = owners_of(rows, names), rows["day"].to_numpy()
    number = currency_of(owner)
    has_pair = np.zeros((len(names), len(segments)), bool)
    firsts = {}
    for currency in range(len(names)):
        of_currency = np.flatnonzero(number == currency)
        firsts[currency] = by_person(person_of(owner[of_currency]), day[of_currency], segments.people)
        for dimension in segments.on[basis]:
            has_facts = firsts[currency][dimension.person] < NEVER
            has_pair[currency, dimension.value[has_facts]] = True
    return Currencies(names, segments, basis, firsts, np.flatnonzero(has_pair))


def mrr_timeline(rows: pl.DataFrame, owner: Integers) -> Timeline:
    """MRR of each customer and currency, from its changes."""
    change = rows["after"].to_numpy() - rows["before"].to_numpy()
    return timeline(at(owner, rows["day"].to_numpy()), change)


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


def window_amounts(pieces: Pieces, days_ago: Integers, currencies: Currencies, where: Places) -> dict[str, Integers]:
    """How the measures of revenue retention change, by place of currency, segment value and day."""
    now, then = pieces.values
    amounts = {
        "payers_at_start": np.ones(len(then), np.int64),
        "revenue_at_start": then,
        "revenue_at_end": now,
        "revenue_retained": np.minimum(now, then),
    }
    sums = {name: where.zeros() for name in amounts}
    person = person_of(pieces.owner)
    for dimension in currencies.segments.on[currencies.basis]:
        part = dimension.split(pieces, person, days_ago)
        key = currencies.key(part.of_piece(pieces.owner), part.value)
        rise, fall = where.of(key, part.start), where.of(key, part.end)
        for name, amount in amounts.items():
            of_part = part.of_piece(amount)
            book(sums[name], rise, of_part)
            book(sums[name], fall, -of_part)
    return sums
