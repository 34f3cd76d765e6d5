"""Populations drawn from planted parameters, customer by customer as the models say; and their histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def buyers(customers: int, days: int, planted: dict[str, float], seed: int) -> tuple[Ints, Ints, Ints]:
    """x, t_x and T of customers of BG/NBD who came evenly over the first half of the days.

    Several purchases of a day are one, as in the tables; the planted rates are low, so that this is rare.
    """
    draw = np.random.default_rng(seed)
    age = draw.integers(days // 2, days + 1, customers)
    rate = draw.gamma(planted["r"], 1 / planted["alpha"], customers)
    leaves = draw.beta(planted["a"], planted["b"], customers)
    now, last_day = np.zeros(customers), np.zeros(customers, dtype=np.int64)
    x = np.zeros(customers, dtype=np.int64)
    alive = np.arange(customers)
    while len(alive):
        now[alive] += draw.exponential(1 / rate[alive])
        alive = alive[now[alive] <= age[alive]]
        day = np.ceil(now[alive]).astype(np.int64)
        x[alive] += day > last_day[alive]
        last_day[alive] = day
        alive = alive[draw.random(len(alive)) >= leaves[alive]]
    return x, last_day, age


def spenders(customers: int, planted: dict[str, float], seed: int) -> tuple[Ints, Floats]:
    """x and the mean amount of customers of Gamma-Gamma, sorted."""
    draw = np.random.default_rng(seed)
    x = draw.geometric(0.3, customers)
    nu = draw.gamma(planted["q"], 1 / planted["v"], customers)
    mean = draw.gamma(planted["p"] * x, 1 / nu) / x
    order = np.lexsort((mean, x))
    return x[order], mean[order]


def contracts(customers: int, looked_at: int, planted: dict[str, float], seed: int) -> tuple[Ints, Ints]:
    """Customers of the shifted beta-geometric by periods: who left at the end of each, who stayed; half of them came
    later and are seen for half the time."""
    draw = np.random.default_rng(seed)
    leaves = draw.beta(planted["alpha"], planted["beta"], customers)
    ends = draw.geometric(np.maximum(leaves, 1e-12))
    seen = np.where(np.arange(customers) % 2 == 0, looked_at, looked_at // 2)
    lost = np.bincount(ends[ends <= seen], minlength=looked_at + 1)
    return lost, np.bincount(seen[ends > seen], minlength=looked_at + 1)


def histogram(x: Ints, t_x: Ints, age: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The sorted distinct customers and how many there are of each."""
    rows, counts = np.unique(np.stack([x, t_x, age]), axis=1, return_counts=True)
    return rows[0], rows[1], rows[2], counts
