"""Gamma-Gamma against planted populations, and its own promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assets.models import gamma_gamma
from assets.models.fit import AT_EDGE, NOT_CONVERGED, TOO_FEW, Fit
from tests.models.populations import spenders

PLANTED = {"p": 6.25, "q": 3.74, "v": 15.44}


@pytest.mark.parametrize("seed", range(3))
def test_planted_parameters_come_back(seed: int) -> None:
    """Within three standard errors, and these are small enough to say something."""
    model = gamma_gamma.fit(*spenders(10_000, PLANTED, seed))
    for name, value in PLANTED.items():
        assert abs(math.log(model[name] / value)) < 3 * model.errors[name], name
    assert max(model.errors.values()) < 0.2


def test_the_mean_of_a_customer_weighs_more_the_more_orders_there_are() -> None:
    """All customers spend p v / (q - 1) = 6.25 x 15.44 / 2.74 on average."""
    x, mean = np.array([0, 1, 10, 10_000]), np.array([0.0, 100.0, 100.0, 100.0])
    found = gamma_gamma.expected_amount(Fit("fitted", PLANTED), x, mean)
    assert found[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert (np.diff(found) > 0).all()
    assert found[3] == pytest.approx(100, rel=1e-3)


def test_the_currency_s_unit_does_not_matter() -> None:
    x, mean = spenders(3_000, PLANTED, 4)
    one, other = gamma_gamma.fit(x, mean), gamma_gamma.fit(x, mean * 160)
    assert (other["p"], other["q"], other["v"] / 160) == pytest.approx((one["p"], one["q"], one["v"]), rel=1e-6)


def test_too_little_or_hopeless_data_gives_no_number() -> None:
    x, mean = spenders(gamma_gamma.LEAST_CUSTOMERS - 1, PLANTED, 1)
    assert gamma_gamma.fit(x, mean) == Fit(TOO_FEW)
    same = np.full(500, 10.0)
    assert gamma_gamma.fit(np.full(500, 3), same) == Fit(NOT_CONVERGED)


def test_customers_who_spend_alike_are_fitted() -> None:
    """The mean of all is 2 x 80,000 / 3,999, whatever a customer spent so far."""
    alike = {"p": 2.0, "q": 4_000.0, "v": 80_000.0}
    found = [gamma_gamma.fit(*spenders(300, alike, seed)) for seed in range(6)]
    at_edge = [model for model in found if model.status == AT_EDGE]
    assert all(model.is_fitted for model in found)
    assert len(at_edge) >= 2
    for model in at_edge:
        told = gamma_gamma.expected_amount(model, np.array([0, 5]), np.array([0.0, 80.0]))
        assert told == pytest.approx([40.01, 40.01], rel=0.15)
