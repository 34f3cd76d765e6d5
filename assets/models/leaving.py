"""Chances to leave that differ between customers: a beta, asked once a time until the customer leaves.

What BG/NBD and the shifted beta-geometric share. Sums of single times, not differences of gamma functions, so that no
digit is lost where a and b are large: there all customers leave with nearly the same chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.models.fit import Floats


@dataclass(frozen=True, slots=True)
class Leaving:
    """By number of times n: the logarithm of the chance to stay n times and its slopes in a and b."""

    stays: Floats
    slope_a: Floats
    slope_b: Floats


def leaving(a: float, b: float, most: int) -> Leaving:
    """For n from 0 to `most`. Who left at the n-th time stayed n - 1 times, then left with a / (a + b + n - 1)."""
    times = np.arange(most, dtype=np.float64)
    chance = a / (b + times)
    each = (-np.log1p(chance), -1.0 / (a + b + times), chance / (a + b + times))
    return Leaving(*(np.concatenate([[0.0], np.cumsum(one)]) for one in each))
