"""BG/NBD against the published fit of its authors, planted populations, and its own promises."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import betaincinv

from assets.models import bg_nbd
from assets.models.fit import AT_EDGE, TOO_FEW, Fit
from tests.models.populations import buyers, histogram

PLANTED = {"r": 0.6, "alpha": 60.0, "a": 0.7, "b": 2.5}
CUSTOMERS, DAYS = 8_000, 730


def cdnow() -> list[np.ndarray]:  # type: ignore[type-arg]
    """The 2,357 customers of CDNOW (brucehardie.com, notes 004), in days: x, t_x, T, how many."""
    rows = pl.read_csv(Path(__file__).parent / "cdnow.csv")
    return [rows[name].to_numpy() for name in ("x", "t_x", "T", "customers")]


def test_the_published_parameters_of_cdnow() -> None:
    """Fader, Hardie and Lee (2005): r 0.243, alpha 4.414 weeks, a 0.793, b 2.426."""
    model = bg_nbd.fit(*cdnow())
    assert (model["r"], model["alpha"] / 7, model["a"], model["b"]) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), abs=5e-4
    )


def test_the_published_expectation_of_a_customer() -> None:
    """Their example: x = 2, t_x = 30.43 and T = 38.86 weeks give 1.226 orders in the next 39 weeks."""
    x, t_x, age = (np.array([number]) for number in (2, 213, 272))
    assert bg_nbd.expected_orders(bg_nbd.fit(*cdnow()), 39 * 7, x, t_x, age) == pytest.approx([1.226], abs=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_planted_parameters_come_back(seed: int) -> None:
    """Within three standard errors, and these are small enough to say something."""
    model = bg_nbd.fit(*histogram(*buyers(CUSTOMERS, DAYS, PLANTED, seed)))
    for name, value in PLANTED.items():
        assert abs(math.log(model[name] / value)) < 3 * model.errors[name], name
    assert max(model.errors.values()) < 0.12


def test_expectations_are_what_happens() -> None:
    """What customers of the first year do in the 90 days after it, summed, within four percent."""
    draw = np.random.default_rng(5)
    x, t_x, age = buyers(40_000, 365, PLANTED, 5)
    model = Fit("fitted", PLANTED)
    expected = bg_nbd.expected_orders(model, 90, x, t_x, age).sum()
    alive = bg_nbd.probability_alive(model, x, t_x, age)
    # Simulated from what is known of each: alive or not, then a rate and a chance to leave given its history.
    here = draw.random(len(x)) < alive
    rate = draw.gamma(PLANTED["r"] + x, 1 / (PLANTED["alpha"] + age))[here]
    leaves = draw.beta(PLANTED["a"], PLANTED["b"] + x)[here]
    happened = ((1 - np.exp(-leaves * rate * 90)) / leaves).sum()
    assert happened == pytest.approx(expected, rel=0.04)


def test_who_never_came_back_may_still_be_alive() -> None:
    model = Fit("fitted", PLANTED)
    nothing, ages = np.zeros(3, dtype=np.int64), np.array([0, 100, 700])
    assert bg_nbd.probability_alive(model, nothing, nothing, ages).tolist() == [1.0, 1.0, 1.0]
    assert (np.diff(bg_nbd.expected_orders(model, 90, nothing, nothing, ages)) < 0).all()


def test_silence_lowers_the_chance_of_being_alive() -> None:
    model = Fit("fitted", PLANTED)
    often, rare = np.full(3, 40), np.full(3, 2)
    last, now = np.full(3, 300), np.array([301, 400, 700])
    assert (np.diff(bg_nbd.probability_alive(model, often, last, now)) < 0).all()
    silent = (bg_nbd.probability_alive(model, x, last, now)[2] for x in (often, rare))
    assert next(silent) < 1e-3 < next(silent)


def test_many_orders_neither_overflow_nor_vanish() -> None:
    found = bg_nbd.expected_orders(Fit("fitted", PLANTED), 365, np.array([2_000]), np.array([2_999]), np.array([3_000]))
    assert 150 < found[0] < 365 * 2_000 / 3_000


def test_the_order_of_customers_changes_no_digit() -> None:
    x, t_x, age = buyers(2_000, 400, PLANTED, 1)
    shuffled = np.random.default_rng(0).permutation(len(x))
    one, other = (bg_nbd.fit(*histogram(x[order], t_x[order], age[order])) for order in (np.arange(len(x)), shuffled))
    assert one == other


def test_too_little_data_gives_no_number() -> None:
    few = buyers(bg_nbd.LEAST_CUSTOMERS - 1, 700, PLANTED, 1)
    nobody_came_back = (np.zeros(500, dtype=np.int64), np.zeros(500, dtype=np.int64), np.arange(500))
    for customers in (few, nobody_came_back):
        assert bg_nbd.fit(*histogram(*customers)) == Fit(TOO_FEW)


def test_customers_who_are_all_alike_give_no_number() -> None:
    """Everybody buys daily and nobody leaves: the likelihood rises for ever, and there is no peak to report."""
    ages = np.repeat(np.arange(100, 400), 2)
    assert bg_nbd.fit(*histogram(ages, ages, ages)).parameters == {}


LEAVE_ALIKE = {"r": 3.0, "alpha": 96.0, "a": 2e5, "b": 8e5}
BUY_ALIKE = {"r": 3e3, "alpha": 96e3, "a": 2.0, "b": 8.0}
HARDLY_LEAVE = {"r": 1.5, "alpha": 60.0, "a": 0.02, "b": 2.0}


@pytest.mark.parametrize(("planted", "seed"), [(LEAVE_ALIKE, 8), (HARDLY_LEAVE, 0), (BUY_ALIKE, 1)])
def test_customers_at_an_edge_of_the_model_are_fitted(planted: dict[str, float], seed: int) -> None:
    """All leave with the same chance, or hardly anybody does: no peak, but a limit, which tells the coming orders."""
    x, t_x, age, number = histogram(*buyers(500, 280, planted, seed))
    model = bg_nbd.fit(x, t_x, age, number)
    assert model.status == AT_EDGE
    for days in (90, 365):
        told, truth = (
            number @ bg_nbd.expected_orders(one, days, x, t_x, age) for one in (model, Fit("fitted", planted))
        )
        assert told == pytest.approx(truth, rel=0.08)
    alive, really = (bg_nbd.probability_alive(one, x, t_x, age) for one in (model, Fit("fitted", planted)))
    assert number @ np.abs(alive - really) / 500 < 0.05


@pytest.mark.parametrize("r", [1.5, 99.0, 101.0, 160_000.0])
@pytest.mark.parametrize("a", [1e-5, 0.02, 0.7, 30.0, 99.0, 101.0, 3_000.0, 160_000.0])
@pytest.mark.parametrize("b", [1e-5, 0.2, 2.5, 400.0, 160_000.0])
def test_expected_orders_are_the_mean_over_chances_to_leave(a: float, b: float, r: float) -> None:
    """Of who is alive and leaves with chance p: (1 - (1 + p d / (alpha + T))^-(r + x)) / p, over the beta of p."""
    x, age = np.array([0, 1, 3, 40]), np.array([30, 250, 200, 250])
    model = Fit("fitted", {"r": r, "alpha": 20.0 * r, "a": a, "b": b})
    found = bg_nbd.expected_orders(model, 90, x, age, age) / bg_nbd.probability_alive(model, x, age, age)
    for times, now, expected in zip(x.tolist(), age.tolist(), found.tolist(), strict=True):
        assert expected == pytest.approx(mean_orders(a, b + times, r + times, 90 / (20 * r + now)), rel=3e-4)


def mean_orders(a: float, b: float, orders: float, ahead: float) -> float:
    """By the quantiles of the beta, closer together at both ends."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    turned = (nodes + 1) / 2
    # u^2 (3 - 2 u) has no slope at 0 and 1, where the quantiles have.
    chance = np.maximum(betaincinv(a, b, turned**2 * (3 - 2 * turned)), 1e-300)
    of_each = -np.expm1(-orders * np.log1p(chance * ahead)) / chance
    return float((weights / 2 * 6 * turned * (1 - turned) * of_each).sum())
