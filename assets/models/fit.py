"""What every fit has in common: from fixed start values to the parameters of the greatest likelihood, or to none.

A fit has parameters only where it converged; a caller never sees a number of one that did not. Where the likelihood is
greatest at an edge of a model that is a model itself, as of customers who are all alike, that is an answer, and said:
customers of such a kind have no peak inside in half of all samples, however many they are (docs/quality.md). The
likelihood is a sum over a sorted histogram, so that customers give the same digits in whatever order they come.
Source: docs/metrics.md section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Status = Literal["fitted", "fitted_at_edge", "too_few_customers", "not_converged"]
FITTED: Final[Status] = "fitted"
AT_EDGE: Final[Status] = "fitted_at_edge"
TOO_FEW: Final[Status] = "too_few_customers"
NOT_CONVERGED: Final[Status] = "not_converged"
STATUSES: Final[tuple[Status, ...]] = (FITTED, AT_EDGE, TOO_FEW, NOT_CONVERGED)
# A parameter beyond e^12 or below e^-12 says that the likelihood has no peak, not what the customers are like.
_LIMIT: Final = 12.0
# Nor does one that is known only within a factor of e^4 say anything: what is computed from it may be any number.
_VAGUE: Final = 4.0
_LARGE: Final = 1e3  # Stirling's series is exact there
_SLOPE: Final = 1e-6
# Beyond an edge the slope falls with the distance: what the likelihood could still rise is no more than the slope.
_REST: Final = 1e-4
_SEARCHES: Final = 5  # along a flat ridge a search stops early; the next one begins there
_STEP: Final = 1e-4
# The mean log likelihood of a customer, and its slope in the logarithm of each parameter.
Likelihood = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a fit ended; `parameters` by name, empty unless it is fitted.

    `errors` are the standard errors of the logarithms of the parameters, without those that are at an edge.
    """

    status: Status
    parameters: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_fitted(self) -> bool:
        return self.status in (FITTED, AT_EDGE)

    def __getitem__(self, name: str) -> float:
        """The parameter of that name; KeyError where there is none."""
        return self.parameters[name]

    def times(self, name: str, unit: float) -> Fit:
        """The same with a parameter in another unit."""
        return replace(self, parameters={**self.parameters, name: self.parameters[name] * unit})


def greatest(likelihood: Likelihood, start: Mapping[str, float], customers: float, edges: Collection[str] = ()) -> Fit:
    """The parameters, all above 0, at which the likelihood is greatest, looked for from `start`.

    `edges` are those that may be at a bound, or vague, as long as the likelihood rises no more: `fitted_at_edge`.
    `not_converged` where the search ends where the likelihood still rises, or where it has, in the others, no peak or
    one too flat to tell where it is.
    """
    from scipy.optimize import minimize

    def cost(logs: Floats) -> tuple[float, Floats]:
        value, slope = likelihood(np.exp(logs))
        return -value, -slope

    at, is_edge = np.log(np.array(list(start.values()))), np.array([name in edges for name in start])
    for _ in range(_SEARCHES):
        before = at
        at = minimize(
            cost,
            at,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_LIMIT, _LIMIT)] * len(start),
            options={"maxiter": 1000, "maxfun": 2000, "ftol": 1e-15, "gtol": 1e-9, "maxls": 60},
        ).x
        _, slope = cost(at)
        is_inside = np.abs(at) < _LIMIT
        is_level = np.abs(slope) < np.where(is_edge & ~is_inside, _REST, _SLOPE)
        if np.all(is_level) or np.array_equal(at, before):
            break
    if not np.all(is_level):
        return Fit(NOT_CONVERGED)
    named = dict(zip(start, np.exp(at).tolist(), strict=True))
    curvature = _curvature(cost, at)
    errors = _errors(curvature, customers)
    if np.all(is_inside & (errors < _VAGUE)):
        return Fit(FITTED, named, dict(zip(start, errors.tolist(), strict=True)))
    # The errors of the others, while the edges are held where they are, loosely.
    errors = _errors(curvature + np.diag(is_edge * max(_REST, 1 / (customers * _VAGUE**2))), customers)
    if np.all(is_edge | (is_inside & (errors < _VAGUE))):
        known = {name: float(error) for name, error, edge in zip(start, errors, is_edge, strict=True) if not edge}
        return Fit(AT_EDGE, named, known)
    return Fit(NOT_CONVERGED)


def _errors(curvature: Floats, customers: float) -> Floats:
    """The standard errors at a peak; none is known where there is no peak."""
    if not np.all(np.linalg.eigvalsh(curvature) > 0):
        return np.full(len(curvature), np.inf)
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(curvature)) / customers))


def _curvature(cost: Likelihood, at: Floats) -> Floats:
    """How the slope changes about a point: symmetric, by differences."""
    steps = np.eye(len(at)) * _STEP
    rows = np.array([(cost(at + step)[1] - cost(at - step)[1]) / (2 * _STEP) for step in steps])
    return np.asarray((rows + rows.T) / 2)


def log_beta(one: float | Floats, other: float | Floats) -> Floats:
    """The logarithm of the beta function, without the digits that differences of log gamma lose for large numbers."""
    from scipy.special import gammaln

    large, small = np.maximum(one, other), np.minimum(one, other)
    both = large + small
    stirling = (both - 0.5) * np.log1p(small / large) + small * (np.log(large) - 1.0)
    stirling += 1 / (12 * both) - 1 / (360 * both**3) - 1 / (12 * large) + 1 / (360 * large**3)
    rising = np.where(large < _LARGE, gammaln(both) - gammaln(large), stirling)
    return np.asarray(gammaln(small) - rising)
