"""Where recurring revenue stands each day, and whose revenue a segment value gains or loses without any movement.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from assets.kernels.revenue_windows import Currencies, person_of
from assets.kernels.segment_codes import Split
from assets.kernels.tallies import Places, add, as_rows, counted, places
from assets.kernels.timelines import Integers, Timeline, laid_over
from warehouse.settings import Settings


def mrr_standing(mrr: Timeline, currencies: Currencies, settings: Settings) -> pl.DataFrame:
    """How opening and closing MRR and paying customers change, and the opening MRR that enters or leaves a segment
    value on a day: by `key` and `date`."""
    where = places(currencies.keys, settings)
    # One day earlier than the range: what stands at its end is the opening of the range.
    standing = replace(where, first=where.first - 1)
    pieces = laid_over([mrr], standing.first, standing.last)
    revenue, customers = standing.zeros(), standing.zeros()
    entering, leaving = where.zeros(), where.zeros()
    person, [paid] = person_of(pieces.owner), pieces.values
    for dimension in currencies.segments.on["subscription"]:
        part = dimension.split(pieces, person, 0)
        owner, amount = part.of_piece(pieces.owner), part.of_piece(paid)
        key = currencies.key(owner, part.value)
        rise, fall = standing.of(key, part.start), standing.of(key, part.end)
        add(revenue, rise, amount)
        add(revenue, fall, -amount)
        customers += counted(rise, standing.size) - counted(fall, standing.size)
        if dimension.kept is None:
            _cross(part, owner, key, amount, where, entering, leaving)
    closing, paying = standing.by_day(revenue), standing.by_day(customers)
    return as_rows(
        {
            "mrr_opening": closing[:, :-1],
            "mrr_closing": _from_the_second_day(closing),
            "customers_paying": _from_the_second_day(paying),
            "mrr_entering": where.by_day(entering),
            "mrr_leaving": where.by_day(leaving),
        },
        where.first,
    )


def _cross(
    part: Split, owner: Integers, key: Integers, amount: Integers, where: Places, entering: Integers, leaving: Integers
) -> None:
    """Who pays on without a break where its value changes takes its opening MRR along."""
    is_crossing = (owner[1:] == owner[:-1]) & (part.start[1:] == part.end[:-1]) & (part.span[1:] != part.span[:-1])
    before = np.flatnonzero(is_crossing)
    day = part.end[before]
    add(entering, where.of(key[before + 1], day), amount[before])
    add(leaving, where.of(key[before], day), amount[before])


def _from_the_second_day(changes: Integers) -> Integers:
    """The changes (key x day) without the first day, its own booked on the second."""
    later = changes[:, 1:].copy()
    later[:, 0] += changes[:, 0]
    return later
