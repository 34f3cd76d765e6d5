"""What a source usually does on such a day, learned from its own earlier days.

Here belongs only the arithmetic of a band: the same weekday of the weeks before, a robust middle and a robust spread.
What is compared with it, and what a day outside of it costs, is for deliveries and profile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

WEEKS = 8
COLD_START_WEEKS = 4
HISTORY_DAYS = 7 * WEEKS
LEAST_SPREAD = 0.2
MAD_TO_DEVIATION = 1.4826
# A day off has about as many rows as the quietest weekday; below this share of that it has none of the usual reasons.
OF_THE_QUIETEST = 0.75


@dataclass(frozen=True, slots=True)
class Band:
    """The usual value (a median), the limits around it, the least value and the robust spread of the logarithms.

    Wide by intent: growth and holidays lie inside.
    """

    usual: float
    low: float
    high: float
    least: float
    spread: float


def learn(values: Sequence[float], width: float) -> Band | None:
    """The band of these earlier values; None in a cold start (fewer than four) or where the usual is nothing.

    The spread is that of the logarithms, so that a band is a factor and never reaches below zero: with a width of 5 at
    least a factor of e (2.7) either way, more where the source itself varies more.
    """
    if len(values) < COLD_START_WEEKS:
        return None
    usual = float(median(values))
    if usual <= 0:
        return None
    logs = [math.log(value) for value in values if value > 0]
    middle = median(logs)
    spread = MAD_TO_DEVIATION * median(abs(one - middle) for one in logs)
    factor = math.exp(width * max(spread, LEAST_SPREAD))
    return Band(usual, usual / factor, usual * factor, min(values), spread)


def least_rows(counts: Mapping[date, float], day: date, band: Band, width: float, steady: float) -> float:
    """The least count that is nothing unusual: the band's lower limit, or a higher one where the source is steady.

    Then it is the share `steady` of the usual, or what its spread and chance allow (a count varies by its root), but
    no more than a day off would have, as its quietest weekday shows.
    """
    if not band.least:
        return band.low
    noise = max(band.spread, band.usual**-0.5)
    weekdays = (same_weekdays(counts, day - timedelta(days=back), absent=0.0) for back in range(7))
    quietest = min((median(values) for values in weekdays if values), default=0.0)
    return max(band.low, min(band.usual * min(steady, math.exp(-width * noise)), OF_THE_QUIETEST * quietest))


def same_weekdays(values: Mapping[date, float], day: date, *, absent: float | None) -> list[float]:
    """The values of the same weekday in the weeks before, newest first.

    A day without a value counts as `absent` (None: is left out) from the first day that has one on.
    """
    first = min(values, default=day)
    earlier = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    found = [values.get(one, absent) for one in earlier if one >= first]
    return [one for one in found if one is not None]


def usual_share(shares: Mapping[date, float], day: date) -> float | None:
    """The middle one of the same weekdays before; None where none of them has rows."""
    earlier = sorted(same_weekdays(shares, day, absent=None))
    return earlier[len(earlier) // 2] if earlier else None


def at_most(usual: float, more: float) -> float:
    """The bound of a share that may be `more` above the usual one."""
    return min(1.0, usual + more)
