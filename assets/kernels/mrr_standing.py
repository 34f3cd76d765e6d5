"""Where recurring revenue stands each day, and whose revenue a segment value gains or loses without any movement.

Source: docs/metrics.md section 3.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.kernels.revenue_windows import Currencies, person_of
from assets.kernels.segment_codes import Split
from assets.kernels.tallies import Places, book
from assets.kernels.timelines import Integers, Timeline, laid_over


def mrr_standing(mrr: Timeline, currencies: Currencies, where: Places) -> dict[str, Integers]:
    """How opening and closing MRR and paying customers change, and the opening MRR that enters or leaves a segment
    value on a day: by place."""
    # One day earlier than the range: what stands at its end is the opening of the range.
    standing = replace(where, first=where.first - 1)
    pieces = laid_over([mrr], standing.first, standing.last)
    revenue, customers = standing.zeros(), standing.zeros()
    entering, leaving = where.zeros(), where.zeros()
    person, [paid] = person_of(pieces.owner), pieces.values
    for dimension in currencies.segments.on[currencies.basis]:
        part = dimension.split(pieces, person, 0)
        owner, amount = part.of_piece(pieces.owner), part.of_piece(paid)
        key = currencies.key(owner, part.value)
        rise, fall = standing.of(key, part.start), standing.of(key, part.end)
        book(revenue, rise, amount)
        book(revenue, fall, -amount)
        book(customers, rise, 1)
        book(customers, fall, -1)
        if dimension.kept is None:
            _cross(part, owner, key, amount, where, entering, leaving)
    return {
        "mrr_opening": standing.by_key(revenue)[:, :-1].ravel(),
        "mrr_closing": _from_the_second_day(standing.by_key(revenue)),
        "customers_paying": _from_the_second_day(standing.by_key(customers)),
        "mrr_entering": entering,
        "mrr_leaving": leaving,
    }


def _cross(
    part: Split, owner: Integers, key: Integers, amount: Integers, where: Places, entering: Integers, leaving: Integers
) -> None:
    """Who pays on without a break where its value changes takes its opening MRR along."""
    is_crossing = (owner[1:] == owner[:-1]) & (part.start[1:] == part.end[:-1]) & (part.span[1:] != part.span[:-1])
    before = np.flatnonzero(is_crossing)
    day = part.end[before]
    book(entering, where.of(key[before + 1], day), amount[before])
    book(leaving, where.of(key[before], day), amount[before])


def _from_the_second_day(changes: Integers) -> Integers:
    """The changes (key x day) without the first day, its own booked on the second; by place."""
    later = changes[:, 1:].copy()
    later[:, 0] += changes[:, 0]
    return later.ravel()
