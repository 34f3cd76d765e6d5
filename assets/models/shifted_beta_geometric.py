"""Shifted beta-geometric: how long contracts last (Fader and Hardie, 2007).

At the end of each period a customer leaves with a probability of its own (beta alpha, beta). Those who stay are ever
more loyal ones, so retention rises with age. The period is the caller's: a year, a month, a number of days.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assets.models.fit import TOO_FEW, Fit, Floats, Ints, greatest
from assets.models.leaving import leaving

LEAST_CUSTOMERS: Final = 100
LEAST_LOST: Final = 20
LEAST_PERIODS: Final = 2  # with losses: one share of those who leave does not tell two parameters
_START: Final = {"alpha": 1.0, "beta": 1.0}


def by_periods(periods: Ints) -> Ints:
    """How many customers have each number of periods, from 0 on: what `fit` takes."""
    return np.bincount(periods)


def fit(lost: Ints, staying: Ints) -> Fit:
    """alpha and beta of customers given by periods: `lost[n]` left at the end of their n-th period (from 1 on),
    `staying[n]` were there after n whole periods when they were last looked at.

    `too_few_customers` under 100, under 20 lost, or where all were lost in one and the same period. Where customers are
    alike alpha and beta are endless, and retention is the same at any age.
    """
    lost, staying = _as_long(lost, staying), _as_long(staying, lost)
    if lost.sum() + staying.sum() < LEAST_CUSTOMERS or lost[1:].sum() < LEAST_LOST:
        return Fit(TOO_FEW)
    if np.count_nonzero(lost[1:]) < LEAST_PERIODS:
        return Fit(TOO_FEW)
    total = float(lost.sum() + staying.sum())
    gone, here = lost[1:] / total, staying / total
    before = np.arange(len(gone), dtype=np.float64)

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        alpha, beta = parameters
        some = leaving(alpha, beta, len(gone))
        at_end = 1.0 / (alpha + beta + before)
        total = gone @ (some.stays[:-1] + np.log(alpha * at_end)) + here @ some.stays
        slope_alpha = gone @ (some.slope_a[:-1] + 1.0 / alpha - at_end) + here @ some.slope_a
        slope_beta = gone @ (some.slope_b[:-1] - at_end) + here @ some.slope_b
        return float(total), np.array([alpha * slope_alpha, beta * slope_beta])

    return greatest(likelihood, _START, total, edges=tuple(_START))


def survival(model: Fit, periods: Ints) -> Floats:
    """The share of customers that is still there after so many whole periods."""
    stays: Floats = np.exp(leaving(model["alpha"], model["beta"], int(periods.max(initial=0))).stays)
    return stays[periods]


def expected_parts(model: Fit, ages: Ints, ahead: int, parts: int) -> Floats:
    """How many of the next `ahead` parts customers stay through who are there after `ages` of them.

    A period has `parts` of them: a year 12 months. Nobody leaves before the last part of a period.
    """
    at_age = survival(model, ages // parts)
    stays = (survival(model, (ages + n) // parts) for n in range(1, ahead + 1))
    return np.asarray(sum(stays, np.zeros(len(ages))) / at_age)


def _as_long(counts: Ints, other: Ints) -> Ints:
    return np.pad(counts, (0, max(0, len(other) - len(counts))))
