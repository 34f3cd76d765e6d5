"""BG/NBD: how often customers buy while they are alive, and whether they still are (Fader, Hardie and Lee, 2005).

Alive customers buy at a rate that differs between them (gamma r, alpha); after each purchase one leaves with a
probability that differs too (beta a, b). A customer is three numbers: x repeat days, t_x days from its first to its
last purchase, T days from its first purchase to now. What a purchase is worth belongs to gamma_gamma.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assets.models.fit import TOO_FEW, Fit, Floats, Ints, by_count, greatest

LEAST_CUSTOMERS: Final = 100
LEAST_REPEATING: Final = 50
_START: Final = {"r": 1.0, "alpha": 1.0, "a": 1.0, "b": 2.0}


def fit(x: Ints, t_x: Ints, age: Ints, customers: Ints) -> Fit:
    """r, alpha (days), a and b of customers given as a histogram: how many have each (x, t_x, age).

    The rows must be sorted and every combination be there once. `too_few_customers` under 100, or under 50 with a
    repeat.
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

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        from scipy.special import digamma, gammaln

        r, alpha, a, b = parameters
        since = np.log(alpha + days)
        after_all, after_last = since[age], since[t_x]
        alive = -(r + x) * after_all
        leaving = np.where(has_repeat, np.log(a) - by_count(lambda n: np.log(b + np.maximum(n, 1) - 1), x), -np.inf)
        left = leaving - (r + x) * after_last
        either = np.logaddexp(alive, left)
        by_x = np.arange(most + 1, dtype=np.float64)
        of_x = gammaln(r + by_x) - gammaln(r) + r * np.log(alpha)
        of_x += gammaln(a + b) + gammaln(b + by_x) - gammaln(b) - gammaln(a + b + by_x)
        total = float((weight * (of_x[x] + either)).sum())
        is_alive = np.exp(alive - either)
        has_left = 1.0 - is_alive
        days_at = 1.0 / (alpha + days)
        slope_r = (digamma(r + by_x) - digamma(r) + np.log(alpha))[x] - is_alive * after_all - has_left * after_last
        slope_alpha = r / alpha - (r + x) * (is_alive * days_at[age] + has_left * days_at[t_x])
        together = digamma(a + b) - digamma(a + b + by_x)
        slope_a = together[x] + has_left / a
        of_b = together + digamma(b + by_x) - digamma(b)
        slope_b = of_b[x] - has_left * by_count(lambda n: 1.0 / (b + np.maximum(n, 1) - 1), x)
        slopes = [r * slope_r, alpha * slope_alpha, a * slope_a, b * slope_b]
        return total, np.array([float((weight * slope).sum()) for slope in slopes])

    found = greatest(likelihood, _START, float(customers.sum()))
    return found.times("alpha", unit) if found.is_fitted else found


def probability_alive(model: Fit, x: Ints, t_x: Ints, age: Ints) -> Floats:
    """The chance that a customer has not left for good; 1 before its first repeat."""
    return 1.0 / (1.0 + _odds_of_having_left(model, x, t_x, age))


def expected_orders(model: Fit, days: int, x: Ints, t_x: Ints, age: Ints) -> Floats:
    """How many order days a customer will have in the next `days` days."""
    from scipy.special import hyp2f1

    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    # Euler's transformation of the published form: it neither overflows nor loses digits for customers of many orders.
    share = days / (alpha + age + days)
    grown = (1.0 - share) ** (a - 1.0) * hyp2f1(a + b - 1.0 - r, a - 1.0, a + b + x - 1.0, share)
    if_alive = (a + b + x - 1.0) / (a - 1.0) * (1.0 - grown)
    return np.asarray(if_alive / (1.0 + _odds_of_having_left(model, x, t_x, age)))


def _odds_of_having_left(model: Fit, x: Ints, t_x: Ints, age: Ints) -> Floats:
    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    odds = np.log(a / (b + np.maximum(x, 1) - 1.0)) + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    return np.where(x > 0, np.exp(np.minimum(odds, 700.0)), 0.0)
