"""The shifted beta-geometric against the published fit of its authors, planted populations, and its own promises."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from assets.models import shifted_beta_geometric as model_of
from assets.models.fit import AT_EDGE, TOO_FEW, Fit
from tests.models.populations import contracts

# "High end" customers of Fader and Hardie (2007): 1,000 in the first year, how many are left after each of seven.
HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
FIVE_MORE = (468, 445, 427, 409, 394)
PLANTED = {"alpha": 0.668, "beta": 3.806}


def high_end() -> Fit:
    lost = np.array([0, *(before - after for before, after in pairwise(HIGH_END))])
    staying = np.array([*[0] * 7, HIGH_END[-1]])
    return model_of.fit(lost, staying)


def test_the_published_parameters_of_the_high_end_series() -> None:
    model = high_end()
    assert (model["alpha"], model["beta"]) == pytest.approx((0.668, 3.806), abs=5e-4)


def test_the_next_five_values() -> None:
    """By the paper's recursion, from its rounded parameters; and near what happened to these customers later."""
    survival, expected = 1.0, []
    for year in range(1, 13):
        survival *= (3.806 + year - 1) / (0.668 + 3.806 + year - 1)
        expected.append(survival)
    found = model_of.survival(high_end(), np.arange(8, 13))
    assert found == pytest.approx(expected[7:], abs=5e-5)
    assert found * 1000 == pytest.approx(FIVE_MORE, abs=17)


@pytest.mark.parametrize("seed", range(3))
def test_planted_parameters_come_back(seed: int) -> None:
    """Within three standard errors, with half of the customers seen for half of the time."""
    model = model_of.fit(*contracts(20_000, 24, PLANTED, seed))
    for name, value in PLANTED.items():
        assert abs(math.log(model[name] / value)) < 3 * model.errors[name], name
    assert max(model.errors.values()) < 0.1


def test_expected_periods_add_up_survival() -> None:
    """alpha 1, beta 1: S(t) = 1 / (t + 1). Of two periods after the first: (1/3 + 1/4) / (1/2)."""
    model = Fit("fitted", {"alpha": 1.0, "beta": 1.0})
    assert model_of.survival(model, np.array([0, 1, 2, 3])) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert model_of.expected_parts(model, np.array([0, 1]), 2, 1) == pytest.approx([1 / 2 + 1 / 3, 7 / 6])


def test_too_little_data_gives_no_number() -> None:
    nobody = np.zeros(3, dtype=np.int64)
    assert model_of.fit(np.array([0, 19]), np.array([0, 500])) == Fit(TOO_FEW)
    assert model_of.fit(np.array([0, 50]), np.array([0, 49])) == Fit(TOO_FEW)
    assert model_of.fit(nobody, np.array([0, 0, 5_000])) == Fit(TOO_FEW)


def test_losses_of_one_period_alone_give_no_number() -> None:
    """A year of yearly terms: a quarter left at its end. Any alpha and beta of that share are as likely."""
    assert model_of.fit(np.array([0, 50, 0]), np.array([100, 150, 0])) == Fit(TOO_FEW)


def test_a_year_is_left_at_its_end() -> None:
    """alpha 1, beta 1, after 10 of 12 months: of the next 3 the first is sure, then half of the customers stay."""
    model = Fit("fitted", {"alpha": 1.0, "beta": 1.0})
    assert model_of.expected_parts(model, np.array([10, 0]), 3, 12) == pytest.approx([1 + 1 / 2 + 1 / 2, 3])


def test_customers_who_leave_alike_are_fitted() -> None:
    """A tenth leaves in each period, exactly: retention is 0.9 at any age."""
    here = [100_000 * 9**n // 10**n for n in range(6)]
    lost = np.array([0, *(before - after for before, after in pairwise(here))])
    model = model_of.fit(lost, np.array([0, 0, 0, 0, 0, here[-1]]))
    assert model.status == AT_EDGE
    assert model_of.survival(model, np.arange(13)) == pytest.approx(0.9 ** np.arange(13), rel=1e-4)
