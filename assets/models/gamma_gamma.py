"""Gamma-Gamma: what a customer's order day is worth on average (Fader and Hardie, 2013).

A customer's amounts vary about its own mean, and the means vary between customers (p, q, v). A customer is two numbers:
x repeat days and m, the mean amount of them, above 0. How many orders there will be belongs to bg_nbd.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from assets.models.fit import NOT_CONVERGED, TOO_FEW, Fit, Floats, Ints, greatest, log_beta

LEAST_CUSTOMERS: Final = 50
_START: Final = {"p": 1.0, "q": 2.0, "v": 1.0}


def fit(x: Ints, m: Floats) -> Fit:
    """p, q and v (in the unit of m) of customers with a repeat day, sorted by (x, m), every m above 0.

    `too_few_customers` under 50; `not_converged` also where q <= 1, as there is no mean then. Where the means of
    customers do not differ q and v are endless, where the amounts of a customer do not p is, and v is nothing.
    """
    if len(x) < LEAST_CUSTOMERS:
        return Fit(TOO_FEW)
    count = len(x)
    unit = float(m.mean())
    scaled = m / unit
    most = int(x.max())
    of_each_x = np.bincount(x, minlength=most + 1) / count
    by_x = np.arange(most + 1, dtype=np.float64)
    with_orders = by_x > 0
    total_spent = x * scaled
    mean_of_logs = float(np.log(scaled).sum() / count)

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        from scipy.special import digamma

        p, q, v = parameters
        n = by_x[with_orders]
        weight = of_each_x[with_orders]
        beyond, by_spent, by_v = total_spent + v, np.log1p(v / total_spent), np.log1p(total_spent / v)
        x_spent, all_v = float((x * by_spent).sum() / count), float(by_v.sum() / count)
        total = -float((weight * log_beta(p * n, q)).sum()) - mean_of_logs - p * x_spent - q * all_v
        slope_p = float((weight * n * (digamma(p * n + q) - digamma(p * n))).sum()) - x_spent
        slope_q = float((weight * (digamma(p * n + q) - digamma(q))).sum()) - all_v
        slope_v = q / v - float(((p * x + q) / beyond).sum() / count)
        return total, np.array([p * slope_p, q * slope_q, v * slope_v])

    found = greatest(likelihood, _START, float(count), edges=tuple(_START))
    if found.is_fitted and found["q"] <= 1:
        return Fit(NOT_CONVERGED)
    return found.times("v", unit) if found.is_fitted else found


def expected_amount(model: Fit, x: Ints, m: Floats) -> Floats:
    """What an order day of a customer is worth: its own mean and that of all, by how often it came back."""
    p, q, v = (model[name] for name in ("p", "q", "v"))
    return np.asarray(p * (v + x * m) / (p * x + q - 1.0))
