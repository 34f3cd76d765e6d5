"""metric_trends on two years and a quarter of made-up rates, against the definitions written as loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from statistics import mean, median

import polars as pl
import pytest

from assets.metrics import metric_trends
from warehouse import catalog
from warehouse.settings import Settings

FIRST, DAYS = date(2024, 1, 1), 820
LAST = FIRST + timedelta(days=DAYS - 1)
RATE = "customer_retention_rate_365_days"
SETTINGS = Settings(FIRST, LAST, sources=frozenset({"orders", "events"}), industry="ecommerce")
Rates = Mapping[str, Sequence[float | None]]


def rates() -> Rates:
    """By basis, rates with a weekday, a season and noise. That of orders has a few holes, one day that is odd and
    some at the ends of the band; that of usage has every day and is large, as retention of revenue may be."""
    dice = Random(3)
    orders: list[float | None] = []
    usage: list[float | None] = []
    odd = {5: None, 10: 0.3, 11: 0.5, 12: 0.29, 300: None}
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        usual = 0.4 + 0.02 * (day.weekday() == 6) + 0.01 * day.month
        orders.append(odd.get(n, usual + dice.gauss(0, 0.002) + 0.3 * (n == 700)))
        usage.append(40_000 * (2 + 0.1 * (day.weekday() == 2) - 0.05 * day.month + dice.gauss(0, 0.01)))
    return {"orders": orders, "usage": usage}


def trends(rates: Rates, settings: Settings) -> pl.DataFrame:
    names = {entry.table.name: entry.table for entry in catalog.load().metrics.values()}
    frames = {
        name: pl.LazyFrame(schema=names[name].polars_schema()) for name in catalog.load()["metric_trends"].references
    }
    frames["customer_retention_daily"] = pl.concat(
        pl.LazyFrame(
            {
                "date": [LAST - timedelta(days=n) for n in reversed(range(len(values)))],
                "basis": basis,
                "segment": "all",
                "window_days": 365,
                "customer_retention_rate": values,
                "customer_churn_rate": values,
            },
            schema_overrides={"customer_retention_rate": pl.Float64, "customer_churn_rate": pl.Float64},
        )
        for basis, values in rates.items()
    )
    mixed = {name: rows.collect().sample(fraction=1, shuffle=True, seed=3).lazy() for name, rows in frames.items()}
    return metric_trends.finish(**mixed, settings=settings).collect().sort("metric", "date")


def of_basis(told: pl.DataFrame, basis: str) -> pl.DataFrame:
    return told.filter(pl.col("metric") == f"{basis}_{RATE}")


@pytest.mark.parametrize("basis", ["orders", "usage"])
def test_every_column_is_what_loops_say(basis: str) -> None:
    values = rates()[basis]
    rows = of_basis(trends(rates(), SETTINGS), basis).rows(named=True)
    assert len(rows) == DAYS
    for n in (0, 10, 11, 12, 27, 32, 63, 200, 362, 363, 364, 400, 663, 664, 699, 700, 707, DAYS - 1):
        expected = _by_loops(values, n) | _against_the_industry(values[n], is_leading=basis == "orders")
        for name, of in expected.items():
            told = rows[n][name]
            assert told == (pytest.approx(of, rel=1e-9, abs=1e-9) if isinstance(of, float) else of), (n, name)


def _by_loops(values: Sequence[float | None], n: int) -> dict[str, object]:
    day = FIRST + timedelta(days=n)
    value = values[n]

    def known(of: Sequence[int]) -> list[float]:
        return [one for at in of if at >= 0 and (one := values[at]) is not None]

    month, year = known(range(n - 27, n + 1)), known(range(n - 363, n + 1))
    weekday = known(range(n - 357, n + 1, 7))
    same = known([at for at in range(n - 363, n + 1) if (FIRST + timedelta(days=at)).month == day.month])
    weeks = known(range(n - 182, n, 7))
    whole = mean(year) if len(year) == 364 else None
    middle = median(weeks) if len(weeks) >= 8 else None
    spread = 5 * median(abs(one - middle) for one in weeks) if middle is not None else 0.0
    before = values[n - 364] if n >= 364 else None
    return {
        "value": value,
        "mean_28_days": mean(month) if len(month) == 28 else None,
        "value_364_days_before": before,
        "change_364_days": None if before is None or value is None else value - before,
        "weekday_index": mean(weekday) / whole if whole and len(weekday) == 52 else None,
        "month_index": mean(same) / whole if whole else None,
        "band_low": None if middle is None else middle - spread,
        "band_high": None if middle is None else middle + spread,
        "is_anomaly": None if middle is None or value is None else not middle - spread <= value <= middle + spread,
    }


def _against_the_industry(value: float | None, *, is_leading: bool) -> dict[str, object]:
    """E-commerce is between 0.3 and 0.5; what users do is not what a shop is compared by."""
    if not is_leading:
        return {"benchmark_low": None, "benchmark_high": None, "benchmark": None}
    place = None if value is None else "below" if value < 0.3 else "above" if value > 0.5 else "within"
    return {"benchmark_low": 0.3, "benchmark_high": 0.5, "benchmark": place}


@pytest.mark.parametrize(("value", "index"), [(0.0, None), (1.0, 1.0), (-1.0, 1.0)])
def test_an_index_is_over_a_mean_that_is_not_0(value: float, index: float | None) -> None:
    last = of_basis(trends({"usage": [value] * DAYS}, SETTINGS), "usage").row(-1, named=True)
    assert (last["weekday_index"], last["month_index"]) == (index, index)


def test_what_is_odd_is_seen_and_little_else() -> None:
    found = of_basis(trends(rates(), SETTINGS), "orders").filter("is_anomaly")["date"].to_list()
    assert FIRST + timedelta(days=700) in found


def test_days_of_a_range_are_those_of_the_whole() -> None:
    """To the last bit, though the sums begin elsewhere: what is read begins 364 days before the range."""
    first, look_back = FIRST + timedelta(days=800), metric_trends.table.look_back_days
    assert look_back is not None
    whole = trends(rates(), SETTINGS).filter(pl.col("date") >= first)
    begun = {basis: values[800 - look_back :] for basis, values in rates().items()}
    assert trends(begun, replace(SETTINGS, first_day=first)).equals(whole)
