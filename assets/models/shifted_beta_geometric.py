"""Shifted beta-geometric: how long contracts last (Fader and Hardie, 2007).

At the end of each period a customer leaves with a probability of its own (beta alpha, beta). Those who stay are ever
more loyal ones, so retention rises with age. The period is the caller's: a year, a month, a number of days.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assets.models.fit import TOO_FEW, Fit, Floats, Ints, by_count, greatest

LEAST_CUSTOMERS: Final = 100
LEAST_LOST: Final = 20
LEAST_PERIODS: Final = 2  # with losses: one share of those who leave does not tell two parameters
_START: Final = {"alpha": 1.0, "beta": 1.0}


def fit(lost: Ints, staying: Ints) -> Fit:
    """alpha and beta of customers given by periods: `lost[n]` left at the end of their n-th period (from 1 on),
    `staying[n]` were there after n whole periods when they were last looked at.

    `too_few_customers` under 100, under 20 lost, or where all were lost in one and the same period.
    """
    lost, staying = _as_long(lost, staying), _as_long(staying, lost)
    if lost.sum() + staying.sum() < LEAST_CUSTOMERS or lost[1:].sum() < LEAST_LOST:
        return Fit(TOO_FEW)
    if np.count_nonzero(lost[1:]) < LEAST_PERIODS:
        return Fit(TOO_FEW)
    total = float(lost.sum() + staying.sum())
    gone, here = lost[1:] / total, staying / total
    periods = np.arange(len(here), dtype=np.float64)
    before = periods[:-1]

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        from scipy.special import betaln, digamma

        alpha, beta = parameters
        of_gone = betaln(alpha + 1, beta + before) - betaln(alpha, beta)
        of_here = betaln(alpha, beta + periods) - betaln(alpha, beta)
        whole, one = digamma(alpha + beta), digamma(alpha + beta + 1 + before)
        some = digamma(alpha + beta + periods)
        slope_alpha = gone @ (digamma(alpha + 1) - one - digamma(alpha) + whole) + here @ (whole - some)
        slope_beta = gone @ (digamma(beta + before) - one - digamma(beta) + whole)
        slope_beta += here @ (digamma(beta + periods) - some - digamma(beta) + whole)
        return float(gone @ of_gone + here @ of_here), np.array([alpha * slope_alpha, beta * slope_beta])

    return greatest(likelihood, _START, total)


def survival(model: Fit, periods: Ints) -> Floats:
    """The share of customers that is still there after so many whole periods."""
    from scipy.special import betaln

    alpha, beta = model["alpha"], model["beta"]
    return by_count(lambda n: np.exp(betaln(alpha, beta + n) - betaln(alpha, beta)), periods)


def expected_parts(model: Fit, ages: Ints, ahead: int, parts: int) -> Floats:
    """How many of the next `ahead` parts customers stay through who are there after `ages` of them.

    A period has `parts` of them: a year 12 months. Nobody leaves before the last part of a period.
    """
    at_age = survival(model, ages // parts)
    stays = (survival(model, (ages + n) // parts) for n in range(1, ahead + 1))
    return np.asarray(sum(stays, np.zeros(len(ages))) / at_age)


def _as_long(counts: Ints, other: Ints) -> Ints:
    return np.pad(counts, (0, max(0, len(other) - len(counts))))
