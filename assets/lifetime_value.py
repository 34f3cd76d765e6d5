"""From what customers did to what they are expected to do: frames in, the models of assets/models, frames out.

What a customer did is the table's; what a model says of it is the model's. Here each model is fitted and told to the
rows it speaks of: how often and how long of all currencies together, what an order is worth by currency.
Source: docs/metrics.md section 8.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from assets.models import bg_nbd, gamma_gamma, shifted_beta_geometric
from assets.models.fit import STATUSES, Fit
from assets.money import UNITS_PER_ONE
from warehouse.table import Column

HORIZONS: Final = {90: 3, 365: 12}  # days, and the months of a contract in them
HISTORY: Final = ["frequency", "recency_days", "age_days"]
_SCORES: Final = {"r_score": "last_order_date", "f_score": "frequency", "m_score": "monetary"}
_QUINTILES: Final = 5


def model_column(name: str, description: str) -> Column:
    """How the fit behind some columns ended; the audit shows where it is not `fitted`."""
    return Column(name, pl.String, description, "status", nullable=True, allowed=STATUSES)


def with_scores(buyers: pl.DataFrame) -> pl.DataFrame:
    """Adds the scores from 1 to 5: quintiles by rank within the currency, ties by customer_id; 5 is the best."""
    scored = buyers
    for score, value in _SCORES.items():
        position = pl.int_range(pl.len()).over("currency")
        scored = scored.sort(value, "customer_id").with_columns(
            (position * _QUINTILES // pl.len().over("currency") + 1).cast(pl.Int64).alias(score)
        )
    return scored


def with_expected_orders(buyers: pl.DataFrame) -> pl.DataFrame:
    """Adds what BG/NBD expects of each buyer, and how the fit ended."""
    histories = buyers.group_by(HISTORY).agg(customers=pl.len().cast(pl.Int64)).sort(HISTORY)
    x, t_x, age = (histories[name].to_numpy() for name in HISTORY)
    model = bg_nbd.fit(x, t_x, age, histories["customers"].to_numpy())
    rows = buyers.with_columns(orders_model=pl.lit(model.status))
    if not model.is_fitted:
        return _without(rows, "probability_alive", *(f"expected_orders_{days}_days" for days in HORIZONS))
    expected = {f"expected_orders_{days}_days": bg_nbd.expected_orders(model, days, x, t_x, age) for days in HORIZONS}
    told = {"probability_alive": bg_nbd.probability_alive(model, x, t_x, age), **expected}
    return rows.join(histories.select(*HISTORY, **{name: pl.Series(of) for name, of in told.items()}), on=HISTORY)


def with_expected_values(buyers: pl.DataFrame) -> pl.DataFrame:
    """Adds what the expected orders are worth by Gamma-Gamma, currency by currency, and how the fits ended."""
    parts = [_with_amounts(part) for part in buyers.partition_by("currency")] or [_with_amounts(buyers)]
    return pl.concat(parts).with_columns(
        (pl.col(f"expected_orders_{days}_days") * pl.col("amount")).alias(f"expected_value_{days}_days")
        for days in HORIZONS
    )


def with_expected_contracts(payers: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """Adds what the shifted beta-geometric expects of who pays now, and how the fit ended, by the length of terms.

    `contracts` are all there were: `term_months`, `terms` and `is_lost`.
    """
    parts = [
        _with_contracts(part, contracts.filter(pl.col("term_months") == months), months)
        for (months,), part in payers.partition_by("term_months", as_dict=True).items()
    ]
    return pl.concat(parts or [_with_contracts(payers, contracts, 1)])


def _with_contracts(payers: pl.DataFrame, contracts: pl.DataFrame, term_months: int) -> pl.DataFrame:
    model = _staying(contracts)
    rows = payers.with_columns(contract_model=pl.lit(model.status))
    if not model.is_fitted:
        return _without(rows, "renewal_probability", *(f"expected_contract_value_{days}_days" for days in HORIZONS))
    mrr, months = pl.col("mrr") / UNITS_PER_ONE, rows["contract_months"].to_numpy()
    expected = {
        days: shifted_beta_geometric.expected_parts(model, months, ahead, term_months)
        for days, ahead in HORIZONS.items()
    }
    renewal = shifted_beta_geometric.expected_parts(model, months // term_months, 1, 1)
    return rows.with_columns(
        pl.Series("renewal_probability", renewal),
        *((pl.Series(of) * mrr).alias(f"expected_contract_value_{days}_days") for days, of in expected.items()),
    )


def _staying(contracts: pl.DataFrame) -> Fit:
    counts = (
        shifted_beta_geometric.by_periods(part["terms"].cast(pl.Int64).to_numpy())
        for part in (contracts.filter("is_lost"), contracts.filter(~pl.col("is_lost")))
    )
    return shifted_beta_geometric.fit(*counts)


def _with_amounts(buyers: pl.DataFrame) -> pl.DataFrame:
    """Adds the `amount` expected of an order day; null without a fit, and where what came back was worth nothing."""
    repeating = buyers.filter(_has_amounts()).sort("frequency", "repeat_revenue")
    model = gamma_gamma.fit(repeating["frequency"].to_numpy(), repeating["monetary"].to_numpy())
    rows = buyers.with_columns(spending_model=pl.lit(model.status))
    if not model.is_fitted:
        return _without(rows, "amount")
    expected = gamma_gamma.expected_amount(model, rows["frequency"].to_numpy(), rows["monetary"].to_numpy())
    return rows.with_columns(
        amount=pl.when(_has_amounts() | (pl.col("frequency") == 0)).then(pl.Series("amount", expected))
    )


def _has_amounts() -> pl.Expr:
    return pl.col("repeat_revenue") > 0


def _without(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The columns that a model would have told."""
    return rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
