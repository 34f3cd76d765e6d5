"""BG/NBD: how often customers buy while they are alive, and whether they still are (Fader, Hardie and Lee, 2005).

Alive customers buy at a rate that differs between them (gamma r, alpha); after each purchase one leaves with a
probability that differs too (beta a, b). A customer is three numbers: x repeat days, t_x days from its first to its
last purchase, T days from its first purchase to now. What a purchase is worth belongs to gamma_gamma.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assets.models.fit import TOO_FEW, Fit, Floats, Ints, greatest
from assets.models.leaving import leaving

LEAST_CUSTOMERS: Final = 100
LEAST_REPEATING: Final = 50
_ALIKE: Final = 100.0  # above it chances to leave, or rates, differ by a tenth of themselves
_QUANTILES: Final = 64
_LEAST: Final = 1e-300
_START: Final = {"r": 1.0, "alpha": 1.0, "a": 1.0, "b": 2.0}


def fit(x: Ints, t_x: Ints, age: Ints, customers: Ints) -> Fit:
    """r, alpha (days), a and b of customers given as a histogram: how many have each (x, t_x, age).

    The rows must be sorted and every combination be there once. `too_few_customers` under 100, or under 50 with a
    repeat. Where customers leave with the same chance a and b are endless, where nobody leaves a is nothing, where
    they buy at the same rate r and alpha are endless.
    """
    if customers.sum() < LEAST_CUSTOMERS or customers[x > 0].sum() < LEAST_REPEATING:
        return Fit(TOO_FEW)
    unit = float((age * customers).sum() / customers.sum())
    if unit <= 0:
        return Fit(TOO_FEW)
    weight = customers / customers.sum()
    has_repeat = x > 0
    days = np.arange(int(age.max()) + 1) / unit
    most = int(x.max())

    by_x = np.arange(most + 1, dtype=np.float64)
    earlier = by_x[:-1]

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        since, part = np.log1p(days / alpha), days / (alpha + days)
        after_all, after_last = since[age], since[t_x]
        chance = leaving(a, b, most)
        before_last = b + np.maximum(by_x, 1) - 1
        alive = -(r + x) * after_all
        left = np.where(has_repeat, np.log(a / before_last)[x], -np.inf) - (r + x) * after_last
        either = np.logaddexp(alive, left)
        of_x = _summed(np.log(r + earlier)) - by_x * np.log(alpha) + chance.stays
        total = float((weight * (of_x[x] + either)).sum())
        is_alive = np.exp(alive - either)
        has_left = 1.0 - is_alive
        slope_r = _summed(1.0 / (r + earlier))[x] - is_alive * after_all - has_left * after_last
        in_alpha = (r + x) * (is_alive * part[age] + has_left * part[t_x]) - x
        slope_a = chance.slope_a[x] + has_left / a
        slope_b = chance.slope_b[x] - has_left / before_last[x]
        slopes = [r * slope_r, in_alpha, a * slope_a, b * slope_b]
        return total, np.array([float((weight * slope).sum()) for slope in slopes])

    found = greatest(likelihood, _START, float(customers.sum()), edges=tuple(_START))
    return found.times("alpha", unit) if found.is_fitted else found


def _summed(each: Floats) -> Floats:
    """The sums of the first 0, 1, 2 ... numbers."""
    return np.concatenate([[0.0], np.cumsum(each)])


def probability_alive(model: Fit, x: Ints, t_x: Ints, age: Ints) -> Floats:
    """The chance that a customer has not left for good; 1 before its first repeat."""
    return 1.0 / (1.0 + _odds_of_having_left(model, x, t_x, age))


def expected_orders(model: Fit, days: int, x: Ints, t_x: Ints, age: Ints) -> Floats:
    """How many order days a customer will have in the next `days` days."""
    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    of = _of_quantiles if max(a, r) > _ALIKE else _of_all
    orders, ahead = np.add(r, x, dtype=np.float64), np.divide(days, alpha + age, dtype=np.float64)
    # A beta is a mean of two of one more: the series has a pole, and the quantiles a step, where both are nothing.
    parts = ((a, a + 1, b), (b + x, a, b + 1)) if a + b < 1 else ((a + b + x, a, b),)
    if_alive = sum(weight * of(one, other, x, orders, ahead) for weight, one, other in parts) / (a + b + x)
    return np.asarray(if_alive / (1.0 + _odds_of_having_left(model, x, t_x, age)))


def _of_all(a: float, b: float, x: Ints, orders: Floats, ahead: Floats) -> Floats:
    """Orders to come of who is alive and leaves with a chance of beta(a, b + x), by Gauss' series."""
    from scipy.special import hyp2f1

    # Euler's transformation of the published form: it neither overflows nor loses digits for customers of many orders.
    share = ahead / (1.0 + ahead)
    grown = (1.0 - share) ** (a - 1.0) * hyp2f1(a + b + x - 1.0 - orders, a - 1.0, a + b + x - 1.0, share)
    return np.asarray((a + b + x - 1.0) / (a - 1.0) * (1.0 - grown))


def _of_quantiles(a: float, b: float, x: Ints, orders: Floats, ahead: Floats) -> Floats:
    """The same where customers are so much alike that the series overflows: by quantiles of the chance to leave."""
    from scipy.special import betaincinv

    nodes, weights = np.polynomial.legendre.leggauss(_QUANTILES)
    place = (nodes + 1.0) / 2.0
    # Closer together at both ends, where quantiles are far apart.
    quantiles, shares = place**2 * (3.0 - 2.0 * place), weights * 3.0 * place * (1.0 - place)
    different, which = np.unique(x, return_inverse=True)
    total = np.zeros(len(x))
    for quantile, share in zip(quantiles, shares, strict=True):
        chance = np.maximum(betaincinv(a, b + different, quantile), _LEAST)[which]
        total += share * -np.expm1(-orders * np.log1p(chance * ahead)) / chance
    return total


def _odds_of_having_left(model: Fit, x: Ints, t_x: Ints, age: Ints) -> Floats:
    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    odds = np.log(a / (b + np.maximum(x, 1) - 1.0)) + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    return np.where(x > 0, np.exp(np.minimum(odds, 700.0)), 0.0)
