"""metric_trends on two years and a quarter of made-up rates, against the definitions written as loops."""

from __future__ import annotations

from collections.abc import Sequence
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
METRIC = "orders_customer_retention_rate_365_days"
SETTINGS = Settings(FIRST, LAST, sources=frozenset({"orders"}), industry="ecommerce")


def rates() -> list[float | None]:
    """A rate with a weekday, a season, noise, a few holes and one day that is odd."""
    dice = Random(3)
    values: list[float | None] = []
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        usual = 0.4 + 0.02 * (day.weekday() == 6) + 0.01 * day.month
        values.append(None if n in (5, 300) else usual + dice.gauss(0, 0.002) + 0.3 * (n == 700))
    return values


def trends(values: Sequence[float | None], settings: Settings) -> pl.DataFrame:
    names = {entry.table.name: entry.table for entry in catalog.load().metrics.values()}
    frames = {
        name: pl.LazyFrame(schema=names[name].polars_schema()) for name in catalog.load()["metric_trends"].references
    }
    frames["customer_retention_daily"] = pl.LazyFrame(
        {
            "date": [FIRST + timedelta(days=n) for n in range(len(values))],
            "basis": "orders",
            "segment": "all",
            "window_days": 365,
            "customer_retention_rate": values,
            "customer_churn_rate": values,
        },
        schema_overrides={"customer_retention_rate": pl.Float64, "customer_churn_rate": pl.Float64},
    )
    return metric_trends.finish(**frames, settings=settings).collect().sort("date")


def test_every_column_is_what_loops_say() -> None:
    values = rates()
    rows = trends(values, SETTINGS).rows(named=True)
    assert [row["metric"] for row in rows] == [METRIC] * DAYS
    for n in (0, 27, 32, 63, 200, 363, 364, 663, 664, 699, 700, 707, DAYS - 1):
        for name, expected in _by_loops(values, n).items():
            told = rows[n][name]
            assert told == (pytest.approx(expected, abs=1e-9) if isinstance(expected, float) else expected), (n, name)


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
        "benchmark": None if value is None else "below" if value < 0.3 else "above" if value > 0.5 else "within",
    }


def test_what_is_odd_is_seen_and_little_else() -> None:
    found = trends(rates(), SETTINGS).filter("is_anomaly")["date"].to_list()
    assert FIRST + timedelta(days=700) in found


def test_days_of_a_range_are_those_of_the_whole() -> None:
    """To the last bit, though the sums begin elsewhere: what is read begins 365 days before the range."""
    values, first = rates(), FIRST + timedelta(days=800)
    whole = trends(values, SETTINGS).filter(pl.col("date") >= first)
    begun = [None] * (800 - metric_trends.YEAR_DAYS - 1) + list(values[800 - metric_trends.YEAR_DAYS - 1 :])
    part = trends(begun, Settings(first, LAST, sources=SETTINGS.sources, industry="ecommerce"))
    assert part.equals(whole)
