"""What every fit has in common: from fixed start values to the parameters of the greatest likelihood, or to none.

A fit has parameters only where it converged inside its bounds; a caller never sees a number of one that did not. The
likelihood is a sum over a sorted histogram, so that customers give the same digits in whatever order they come.
Source: docs/metrics.md section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Status = Literal["fitted", "too_few_customers", "not_converged"]
FITTED: Final[Status] = "fitted"
TOO_FEW: Final[Status] = "too_few_customers"
NOT_CONVERGED: Final[Status] = "not_converged"
STATUSES: Final[tuple[Status, ...]] = (FITTED, TOO_FEW, NOT_CONVERGED)
# A parameter beyond e^12 or below e^-12 says that the likelihood has no peak, not what the customers are like.
_LIMIT: Final = 12.0
# Nor does one that is known only within a factor of e^4 say anything: what is computed from it may be any number.
_VAGUE: Final = 4.0
_SLOPE: Final = 1e-6
_STEP: Final = 1e-4
# The mean log likelihood of a customer, and its slope in the logarithm of each parameter.
Likelihood = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a fit ended; `parameters` by name, empty unless it is fitted.

    `errors` are the standard errors of the logarithms of the parameters.
    """

    status: Status
    parameters: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_fitted(self) -> bool:
        return self.status == FITTED

    def __getitem__(self, name: str) -> float:
        """The parameter of that name; KeyError where there is none."""
        return self.parameters[name]

    def times(self, name: str, unit: float) -> Fit:
        """The same with a parameter in another unit."""
        return replace(self, parameters={**self.parameters, name: self.parameters[name] * unit})


def greatest(likelihood: Likelihood, start: Mapping[str, float], customers: float) -> Fit:
    """The parameters, all above 0, at which the likelihood is greatest, looked for from `start`.

    `not_converged` where the search ends at a bound, where the likelihood still rises, or where it has no peak or one
    too flat to tell where it is.
    """
    from scipy.optimize import minimize

    def cost(logs: Floats) -> tuple[float, Floats]:
        value, slope = likelihood(np.exp(logs))
        return -value, -slope

    found = minimize(
        cost,
        np.log(np.array(list(start.values()))),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LIMIT, _LIMIT)] * len(start),
        options={"maxiter": 1000, "maxfun": 2000, "ftol": 1e-15, "gtol": 1e-9, "maxls": 60},
    )
    _, slope = cost(found.x)
    is_inside = bool(np.all(np.abs(found.x) < _LIMIT))
    if not (is_inside and np.all(np.isfinite(slope)) and np.max(np.abs(slope)) < _SLOPE):
        return Fit(NOT_CONVERGED)
    curvature = _curvature(cost, found.x)
    if not np.all(np.linalg.eigvalsh(curvature) > 0):
        return Fit(NOT_CONVERGED)
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)) / customers)
    if not np.max(errors) < _VAGUE:
        return Fit(NOT_CONVERGED)
    named = (dict(zip(start, values.tolist(), strict=True)) for values in (np.exp(found.x), errors))
    return Fit(FITTED, *named)


def _curvature(cost: Likelihood, at: Floats) -> Floats:
    """How the slope changes about a point: symmetric, by differences."""
    steps = np.eye(len(at)) * _STEP
    rows = np.array([(cost(at + step)[1] - cost(at - step)[1]) / (2 * _STEP) for step in steps])
    return np.asarray((rows + rows.T) / 2)


def by_count(function: Callable[[Floats], Floats], counts: Ints) -> Floats:
    """A costly function of small whole numbers, computed once for each of them."""
    known: Floats = function(np.arange(int(counts.max(initial=0)) + 1, dtype=np.float64))
    return known[counts]
