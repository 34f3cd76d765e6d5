"""What the models tell of customers, against the formulas of their papers in plain arithmetic, from these alone.

Fader, Hardie and Lee (2005) for BG/NBD, Fader and Hardie (2013) for Gamma-Gamma, (2007) for the shifted beta-geometric.
That a fit is the most likely one is asked of the papers' likelihood too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, lgamma, log

import numpy as np
import polars as pl
import pytest

from assets.lifetime_value import with_expected_contracts, with_expected_orders, with_expected_values
from assets.models import bg_nbd, gamma_gamma, shifted_beta_geometric
from tests.models.populations import buyers, contracts, histogram

PLANTED = {"r": 0.6, "alpha": 60.0, "a": 0.7, "b": 2.5}
HORIZONS = (90, 365)


@pytest.fixture(scope="module")
def known() -> pl.DataFrame:
    """600 buyers of one currency, as customer_value has them. What two of them came back for was worth nothing, and
    the least there is to a third."""
    x, t_x, age = buyers(600, 600, PLANTED, 4)
    draw = np.random.default_rng(4)
    mean = draw.gamma(8.0, 5.0, len(x))
    spent = np.array([draw.gamma(2.0, one / 2, times).sum() for one, times in zip(mean, x, strict=True)])
    units = np.rint(spent * 10_000).astype(np.int64)
    units[np.flatnonzero(x)[:3]] = 0, -50_000, 1
    rows = pl.DataFrame({"frequency": x, "recency_days": t_x, "age_days": age, "repeat_revenue": units})
    monetary = pl.when(pl.col("frequency") > 0).then(pl.col("repeat_revenue") / pl.col("frequency") / 10_000)
    names = pl.format("c{}", pl.int_range(pl.len()))
    return rows.with_columns(customer_id=names, currency=pl.lit("USD"), monetary=monetary.fill_null(0.0))


@pytest.fixture(scope="module")
def told(known: pl.DataFrame) -> pl.DataFrame:
    """The same with what the models tell."""
    return with_expected_values(with_expected_orders(known))


def test_the_order_of_customers_changes_no_bit(known: pl.DataFrame, told: pl.DataFrame) -> None:
    other = with_expected_values(with_expected_orders(known.sample(fraction=1, shuffle=True, seed=1)))
    assert other.sort("customer_id").equals(told.sort("customer_id"))


def test_bg_nbd_by_the_book(told: pl.DataFrame) -> None:
    x, t_x, age = (told[name].to_numpy() for name in ("frequency", "recency_days", "age_days"))
    model = bg_nbd.fit(*histogram(x, t_x, age))
    r, alpha, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    for row in told.head(60).iter_rows(named=True):
        x_, t, now = row["frequency"], row["recency_days"], row["age_days"]
        odds = a / (b + x_ - 1) * ((alpha + now) / (alpha + t)) ** (r + x_) if x_ else 0.0
        assert row["probability_alive"] == pytest.approx(1 / (1 + odds), rel=1e-9)
        for days in HORIZONS:
            reach = alpha + now + days
            series = gauss(r + x_, b + x_, a + b + x_ - 1, days / reach)
            unseen = 1 - ((alpha + now) / reach) ** (r + x_) * series
            expected = (a + b + x_ - 1) / (a - 1) * unseen / (1 + odds)
            assert row[f"expected_orders_{days}_days"] == pytest.approx(expected, rel=1e-7)

    customers = list(zip(x.tolist(), t_x.tolist(), age.tolist(), strict=True))
    assert is_highest(lambda *at: sum(bg_nbd_likelihood(*one, *at) for one in customers), (r, alpha, a, b))


def bg_nbd_likelihood(x: int, t: int, now: int, r: float, alpha: float, a: float, b: float) -> float:
    """The logarithm of equation (6) of the paper."""
    alive = lbeta(a, b + x) - lbeta(a, b) - (r + x) * log(alpha + now)
    left = lbeta(a + 1, b + x - 1) - lbeta(a, b) - (r + x) * log(alpha + t) if x else float("-inf")
    top = max(alive, left)
    return lgamma(r + x) - lgamma(r) + r * log(alpha) + top + log(exp(alive - top) + exp(left - top))


def test_gamma_gamma_by_the_book(told: pl.DataFrame) -> None:
    came_back = told.filter(pl.col("repeat_revenue") > 0).sort("frequency", "repeat_revenue")
    x, m = came_back["frequency"].to_numpy(), came_back["monetary"].to_numpy()
    model = gamma_gamma.fit(x, m)
    p, q, v = (model[name] for name in ("p", "q", "v"))
    worth_nothing = told.filter(pl.col("frequency") > 0, pl.col("repeat_revenue") <= 0)
    assert worth_nothing.height == 2
    assert worth_nothing["expected_value_90_days"].to_list() == [None, None]
    for row in told.join(worth_nothing, on="customer_id", how="anti").head(60).iter_rows(named=True):
        amount = p * (v + row["frequency"] * row["monetary"]) / (p * row["frequency"] + q - 1)
        expected = row["expected_orders_90_days"] * amount
        assert row["expected_value_90_days"] == pytest.approx(expected, rel=1e-9)

    def likelihood(p: float, q: float, v: float) -> float:
        def one(x: int, m: float) -> float:
            shape = lgamma(p * x + q) - lgamma(p * x) - lgamma(q)
            return shape + q * log(v) + (p * x - 1) * log(m) + p * x * log(x) - (p * x + q) * log(x * m + v)

        return sum(map(one, x.tolist(), m.tolist()))

    assert is_highest(likelihood, (p, q, v))


def test_shifted_beta_geometric_by_the_book() -> None:
    """By the recursion of the paper: retention in period t is (beta + t - 1) / (alpha + beta + t - 1)."""
    lost, staying = contracts(5_000, 12, {"alpha": 0.7, "beta": 3.8}, 4)
    model = shifted_beta_geometric.fit(lost, staying)
    alpha, beta = model["alpha"], model["beta"]
    periods = [(n, True) for n in range(len(lost)) for _ in range(lost[n])]
    periods += [(n, False) for n in range(len(staying)) for _ in range(staying[n])]
    months = pl.DataFrame(periods, ["terms", "is_lost"], orient="row").with_columns(term_months=pl.lit(1))
    of_years = contracts(2_000, 4, {"alpha": 1.2, "beta": 2.0}, 5)
    years = pl.concat(
        pl.DataFrame({"terms": np.repeat(np.arange(len(counts)), counts), "is_lost": is_lost, "term_months": 12})
        for counts, is_lost in zip(of_years, (True, False), strict=True)
    ).select(months.columns)
    known = pl.concat([months, years]).sample(fraction=1, shuffle=True, seed=1)
    payers = pl.DataFrame(
        {"contract_months": [0, 1, 7, 7], "term_months": [1, 1, 1, 12], "mrr": [10_000, 20_000, 50_000, 50_000]}
    )
    told = with_expected_contracts(payers, known)
    [of_year] = told.filter(pl.col("term_months") == 12).rows(named=True)
    of_months = told.filter(pl.col("term_months") == 1)
    assert of_months.height == 3
    for row in of_months.iter_rows(named=True):
        stays, months = 1.0, []
        for period in range(row["contract_months"] + 1, row["contract_months"] + 13):
            stays *= (beta + period - 1) / (alpha + beta + period - 1)
            months.append(stays)
        assert row["renewal_probability"] == pytest.approx(months[0], rel=1e-9)
        found = (row["expected_contract_value_90_days"], row["expected_contract_value_365_days"])
        assert found == pytest.approx(
            [sum(months[:3]) * row["mrr"] / 10_000, sum(months) * row["mrr"] / 10_000], rel=1e-9
        )

    def likelihood(alpha: float, beta: float) -> float:
        gone = sum(n * (lbeta(alpha + 1, beta + t - 1) - lbeta(alpha, beta)) for t, n in enumerate(lost) if n)
        return float(gone + sum(n * (lbeta(alpha, beta + t) - lbeta(alpha, beta)) for t, n in enumerate(staying) if n))

    assert is_highest(likelihood, (alpha, beta))

    # Of years there are other contracts. The first one is over after 5 more months, and until then nobody leaves.
    model = shifted_beta_geometric.fit(*of_years)
    renews = model["beta"] / (model["alpha"] + model["beta"])
    assert of_year["renewal_probability"] == pytest.approx(renews, rel=1e-9)
    assert of_year["expected_contract_value_90_days"] == pytest.approx(3 * 5, rel=1e-9)
    assert of_year["expected_contract_value_365_days"] == pytest.approx((4 + 8 * renews) * 5, rel=1e-9)


def is_highest(likelihood: Callable[..., float], at: Sequence[float]) -> bool:
    """Whether a step of 2 percent away, in any one parameter, is less likely."""
    best = likelihood(*at)
    steps = [[value * (factor if n == place else 1) for n, value in enumerate(at)]
             for place in range(len(at)) for factor in (0.98, 1.02)]  # fmt: skip
    return all(likelihood(*step) < best for step in steps)


def lbeta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def gauss(a: float, b: float, c: float, z: float) -> float:
    """The hypergeometric series 2F1, added up until nothing is left to add."""
    term, total, n = 1.0, 1.0, 0
    while abs(term) > 1e-16 * abs(total):
        term *= (a + n) * (b + n) / (c + n) * z / (n + 1)
        total, n = total + term, n + 1
    return total
