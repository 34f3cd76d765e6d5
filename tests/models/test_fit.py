"""What a fit refuses to have found."""

from __future__ import annotations

import numpy as np
import pytest

from assets.models.fit import AT_EDGE, FITTED, NOT_CONVERGED, Floats, greatest, log_beta

CUSTOMERS = 100.0


@pytest.mark.parametrize(("curvature", "status"), [(1.0, FITTED), (1e-7, NOT_CONVERGED)])
def test_a_peak_too_flat_to_tell_where_it_is_gives_no_number(curvature: float, status: str) -> None:
    """With 100 customers: known within 1 / sqrt(1 x 100), that is 0.1, or within 1 / sqrt(1e-7 x 100) > 300."""

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        log = np.log(parameters)
        return float(-(log**2).sum() * curvature / 2), -log * curvature

    found = greatest(likelihood, {"p": 1.2}, CUSTOMERS)
    assert found.status == status
    assert bool(found.parameters) is (status == FITTED)


def rises_to_a_limit(parameters: Floats) -> tuple[float, Floats]:
    """-1 / s - (log p)^2: the more the larger s is, and in the end not at all."""
    spread, place = parameters
    return float(-1 / spread - np.log(place) ** 2), np.array([1 / spread, -2 * np.log(place)])


def rises_for_ever(parameters: Floats) -> tuple[float, Floats]:
    spread, place = parameters
    return float(np.log(spread) - np.log(place) ** 2), np.array([1.0, -2 * np.log(place)])


def test_an_edge_is_an_answer_only_where_it_may_be_one() -> None:
    start = {"s": 2.0, "p": 3.0}
    found = greatest(rises_to_a_limit, start, CUSTOMERS, edges=("s",))
    assert found.status == AT_EDGE
    assert found.is_fitted
    assert found["s"] > 1e4
    assert found["p"] == pytest.approx(1, abs=1e-6)
    assert set(found.errors) == {"p"}
    assert greatest(rises_to_a_limit, start, CUSTOMERS).status == NOT_CONVERGED
    assert greatest(rises_to_a_limit, start, CUSTOMERS, edges=("p",)).status == NOT_CONVERGED
    assert greatest(rises_for_ever, start, CUSTOMERS, edges=("s",)).status == NOT_CONVERGED


@pytest.mark.parametrize("other", [0.5, 3.0, 999.0, 1001.0, 160_000.0])
def test_the_beta_function_of_large_numbers(other: float) -> None:
    """B(n + 1, b) = B(n, b) n / (n + b), to more digits than a difference of log gamma has."""
    steps = log_beta(np.array([1.0, 2.0, 500.0, 1500.0, 90_000.0]), other)
    n = np.array([1.0, 2.0, 500.0, 1500.0, 90_000.0])
    assert log_beta(n + 1, other) - steps == pytest.approx(np.log(n / (n + other)), abs=2e-10, rel=1e-10)
    assert float(log_beta(1.0, other)) == pytest.approx(-np.log(other), abs=1e-9)
