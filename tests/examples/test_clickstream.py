"""The web shop's clicks against tables that others computed from them: every day and every cell, exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.oracle import compare
from warehouse.releases import Releases

Reference = Callable[[str], Path]


@pytest.fixture(scope="session")
def release(run_example: Callable[[str], Path]) -> Path:
    return (run_example("clickstream").parent / "warehouse" / "current").resolve()


@pytest.fixture(scope="session")
def cohorts(release: Path) -> pl.DataFrame:
    """The monthly cells of the release, all segments."""
    return table(release, "user_retention_cohorts").filter(cohort_grain="month")


def table(release: Path, name: str) -> pl.DataFrame:
    found = compare.released(release, name)
    assert found is not None
    return found


def test_it_is_published_with_a_passed_verdict(release: Path) -> None:
    head = Releases(release.parents[1]).head()
    assert head is not None
    assert (head.number, head.verdict["passed"], head.watermark) == (1, True, "2024-06-29")


def test_users_of_every_day(release: Path, reference: Reference) -> None:
    """The reference has no row for a day without users; the table has one that says 0."""
    expected = pl.read_csv(reference("events_retentioneering_ecom_dau"), try_parse_dates=True)
    columns = {"day": "date", "dau": "users_active"}
    days = table(release, "user_activity_daily").filter(segment="all", period_days=1)
    came = days.filter(pl.col("users_active") > 0).select(columns.values())
    assert expected.height == 177
    assert compare.differences(expected.rename(columns), came, ("date",)) == []
    first, last = days["date"].min(), days["date"].max()
    assert days["date"].sort().to_list() == pl.select(pl.date_range(pl.lit(first), pl.lit(last))).to_series().to_list()
    assert days.height == 178


def test_all_cells_of_the_monthly_cohorts(cohorts: pl.DataFrame, reference: Reference) -> None:
    columns = {"cohort": "cohort_start", "age": "age", "users": "users_retained"}
    file = reference("events_retentioneering_ecom_month_cohort_triangle")
    expected = pl.read_csv(file, try_parse_dates=True).rename(columns)
    cells = cohorts.filter(segment="all")
    assert expected.height == 21
    assert compare.differences(expected, cells.select(expected.columns), ("cohort_start", "age")) == []
    going_on = cells.filter(~pl.col("is_complete"))
    assert going_on.height == 6
    assert going_on["retention_rate"].is_null().all()
    over = cells.filter("is_complete")
    assert over["retention_rate"].to_list() == (over["users_retained"] / over["users_in_cohort"]).to_list()


def test_users_of_every_channel_and_who_returned_within_30_days(
    release: Path, cohorts: pl.DataFrame, reference: Reference
) -> None:
    """Summed over first days; users whose 30 days are not over at the end are in `users` alone."""
    by_channel = pl.col("segment") == "acquisition_channel"
    sizes = cohorts.filter(by_channel, age=0).group_by("segment_value").agg(users=pl.col("users_in_cohort").sum())
    returned = (
        table(release, "user_retention_daily")
        .filter(by_channel, age_days=30)
        .group_by("segment_value")
        .agg(eligible30=pl.col("users_in_cohort").sum(), ret_1_30=pl.col("users_returned").sum())
    )
    got = sizes.join(returned, on="segment_value").rename({"segment_value": "channel"})
    file = reference("events_retentioneering_by_channel")
    expected = pl.read_csv(file, columns=["channel", "users", "eligible30", "ret_1_30"])
    assert expected.height == 5
    assert compare.differences(expected, got.select(expected.columns), ("channel",)) == []
