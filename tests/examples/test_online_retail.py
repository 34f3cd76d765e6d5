"""The shop's export against tables that others computed from it: every cell, exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines import build, days, ingest
from pipelines.workspace import Workspace
from tests.examples.conftest import EXPORTS, filled, skip_without
from tests.oracle import compare
from warehouse import catalog, config
from warehouse.draft import Draft
from warehouse.releases import Releases
from warehouse.store import Store

Reference = Callable[[str], Path]
CELL = ("cohort_start", "age")
LAST_MONTH = date(2011, 12, 1)
RULE = 'where = "Quantity > 0 AND UnitPrice > 0 AND CustomerID IS NOT NULL"'
ROUNDING = 1e-6


@pytest.fixture(scope="session")
def release(run_example: Callable[[str], Path]) -> Path:
    return (run_example("online_retail").parent / "warehouse" / "current").resolve()


@pytest.fixture(scope="session")
def cohorts(release: Path) -> pl.DataFrame:
    """The monthly cells of the release, all segments."""
    return table(release, "customer_cohorts").filter(basis="orders", cohort_grain="month", currency="GBP")


@pytest.fixture(scope="session")
def daily(release: Path) -> pl.DataFrame:
    return table(release, "customer_retention_daily").filter(basis="orders", segment="all")


def table(release: Path, name: str) -> pl.DataFrame:
    found = compare.released(release, name)
    assert found is not None
    return found


def triangle(file: Path) -> pl.DataFrame:
    """A cohort triangle of the reference in the columns of customer_cohorts, money read as decimals."""
    return pl.read_csv(file, try_parse_dates=True, schema_overrides={"revenue": pl.String}).select(
        pl.col("cohort").alias("cohort_start"),
        "age",
        pl.col("customers").first().over("cohort", order_by="age").alias("customers_in_cohort"),
        pl.col("customers").alias("customers_retained"),
        pl.col("revenue").str.to_decimal(scale=4).cast(pl.Decimal(38, 4)),
        pl.col("retention").alias("retention_rate"),
        pl.col("revenue_retention").alias("revenue_retention_rate"),
    )


def cents(cells: pl.DataFrame) -> pl.DataFrame:
    """Revenue to the cent: a few prices have tenths of a penny, which the reference rounded away at the end."""
    return cells.with_columns(pl.col("revenue").round(2).cast(pl.Decimal(38, 4)))


def month() -> pl.Expr:
    return pl.col("cohort_start").dt.offset_by(pl.format("{}mo", "age"))


def is_rounded(exact: str, rounded: str) -> pl.Expr:
    """Whether a rate is the reference's, which has six digits, and null exactly where that is."""
    both = (pl.col(exact) - pl.col(rounded)).abs() < ROUNDING
    return both.fill_null(False) | (pl.col(exact).is_null() & pl.col(rounded).is_null())


def test_it_is_published_with_a_passed_verdict(release: Path) -> None:
    head = Releases(release.parents[1]).head()
    assert head is not None
    assert (head.number, head.verdict["passed"], head.watermark) == (1, True, "2011-12-09")


def test_all_cells_of_the_monthly_cohorts(cohorts: pl.DataFrame, reference: Reference) -> None:
    cells = cohorts.filter(segment="all")
    expected = triangle(reference("orders_or_clean_cohort_triangle"))
    counted = expected.drop("retention_rate", "revenue_retention_rate")
    assert counted.height == 91
    assert compare.differences(counted, cents(cells).select(counted.columns), CELL) == []


def test_rates_are_those_of_the_reference_and_null_in_the_month_that_is_not_over(
    cohorts: pl.DataFrame, reference: Reference
) -> None:
    cells = cohorts.filter(segment="all")
    over = cells.filter(month() < LAST_MONTH).join(
        triangle(reference("orders_or_clean_cohort_triangle")), on=CELL, suffix="_expected"
    )
    assert over.height == 78
    assert over["is_complete"].all()
    for rate in ("retention_rate", "revenue_retention_rate"):
        assert over.filter(~is_rounded(rate, f"{rate}_expected")).is_empty()
    going_on = cells.filter(month() == LAST_MONTH)
    assert going_on.height == 13
    assert not going_on["is_complete"].any()
    for rate in ("retention_rate", "revenue_retention_rate", "revenue_per_customer"):
        assert going_on[rate].is_null().all()


def test_cohorts_by_country(cohorts: pl.DataFrame, reference: Reference) -> None:
    """Size of all cohorts, and how many of those whose second month is over ordered in it."""
    ages = cohorts.filter(segment="country").with_columns(
        seg=pl.when(segment_value="United Kingdom").then(pl.lit("UK")).otherwise(pl.lit("non-UK"))
    )
    second_month = (pl.col("age") == 1) & pl.col("is_complete")
    groups = ages.group_by("seg").agg(
        n=pl.col("customers_in_cohort").filter(age=0).sum(),
        m1=pl.col("customers_retained").filter(second_month).sum(),
        n1=pl.col("customers_in_cohort").filter(second_month).sum(),
    )
    expected = pl.read_csv(reference("orders_or_clean_by_country_group"))
    assert compare.differences(expected, groups, ("seg",)) == []


def test_every_day_of_the_rolling_90_days(daily: pl.DataFrame, reference: Reference) -> None:
    expected = pl.read_csv(reference("orders_or_clean_daily_rolling90"), try_parse_dates=True)
    assert expected.height == 374
    over_a_day = {
        "day": "date",
        "new_customers": "customers_new",
        "reactivated": "customers_reactivated",
        "lost": "customers_lost",
        "end_customers": "customers_at_end",
        "start_customers": "customers_at_start",
    }
    over_90_days = {
        "day": "date",
        "retained_vs_90d_ago": "customers_retained",
        "active_90d_ago": "customers_at_start",
        "end_customers": "customers_at_end",
    }
    for window, columns in ((1, over_a_day), (90, over_90_days)):
        want = expected.select(list(columns)).rename(columns)
        got = daily.filter(window_days=window).select(want.columns)
        assert compare.differences(want, got, ("date",)) == []


def test_rates_of_the_rolling_90_days(daily: pl.DataFrame, reference: Reference) -> None:
    expected = pl.read_csv(reference("orders_or_clean_daily_rolling90"), try_parse_dates=True)
    for window, rate, name in (
        (90, "customer_retention_rate", "crr_90d"),
        (1, "customer_churn_rate", "daily_churn_rate"),
    ):
        both = expected.join(daily.filter(window_days=window), left_on="day", right_on="date")
        assert both.height == 374
        assert both[rate].count() > 200
        assert both.filter(~is_rounded(rate, name)).is_empty()


def test_the_raw_rule_gives_the_raw_triangle(tmp_path: Path, reference: Reference) -> None:
    """Returns counted as orders, duplicates twice: what Holdfast shows to those who clean nothing."""
    skip_without(EXPORTS["online_retail"])
    file = filled("online_retail", tmp_path / "raw")
    text = file.read_text()
    assert RULE in text
    assert "distinct_rows = true" in text
    text = text.replace(RULE, 'where = "CustomerID IS NOT NULL"')
    file.write_text(text.replace("distinct_rows = true", "distinct_rows = false"))
    expected = triangle(reference("orders_or_raw_cohort_triangle")).drop("retention_rate", "revenue_retention_rate")
    cells = cohorts_without_gate(file).filter(basis="orders", cohort_grain="month", segment="all")
    assert expected.height == 91
    assert compare.differences(expected, cents(cells).select(expected.columns), CELL) == []


def cohorts_without_gate(file: Path) -> pl.DataFrame:
    """customer_cohorts as a run computes it, nothing audited and nothing published."""
    configuration = config.load(file)
    tables = catalog.load().for_sources(configuration.sources)
    store = Store(configuration.home)
    draft = Draft.open_or_create(configuration.home, "raw", None)
    workspace = Workspace(configuration, tables, store, draft, Releases(configuration.home), lambda line: None)
    ingest.take_in(workspace, "orders")
    span = days.find_range(workspace, None, date(2100, 1, 1))
    for state in tables.states:
        build.build_state(workspace, state)
    build.build_metric(workspace, "customer_cohorts", span)
    return pl.concat(pl.read_parquet(store.path(part)) for part in draft.files("metrics", "customer_cohorts").values())
