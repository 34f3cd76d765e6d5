"""Sums that tie exactly, within a table and between tables, on the product's tables of random worlds."""

from __future__ import annotations

import pytest
from polars import Boolean, DataFrame, Date, Expr, Float64, col, sum_horizontal

from tests.oracle import worlds
from tests.properties import warehouse_runs
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Tables, run_once
from warehouse import catalog

SEGMENT = ("segment", "segment_value")
LOSSES = ("voluntary", "involuntary", "paused", "unknown")
GAINED = ("opening", "new", "reactivation", "expansion", "entering", "fx")
LOST = ("contraction", "churned", "leaving")


@pytest.fixture(scope="module", params=seeds(3))
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    seed: int = request.param
    return run_once(tmp_path_factory.mktemp("world"), worlds.world(seed + 20)).tables()


def some(tables: Tables, *names: str) -> dict[str, DataFrame]:
    return {name: tables[name] for name in names if name in tables}


def summed(names: tuple[str, ...], prefix: str) -> Expr:
    return sum_horizontal(prefix + name for name in names)


def test_a_row_is_named_once_and_days_have_no_gaps(tables: Tables) -> None:
    """Every grain and segment names one row; every key has each day from its first to the watermark. Rules: M1.9."""
    watermark = max(day for frame in tables.values() if "date" in frame.columns for day in frame["date"])
    for name, frame in tables.items():
        declared, keys = catalog.load()[name].table, warehouse_runs.keys(name)
        assert frame.select(keys).is_unique().all(), name
        if "date" in keys and declared.every_day:
            days = frame.group_by([key for key in keys if key != "date"]).agg(
                first=col("date").min(), last=col("date").max(), rows=col("date").len()
            )
            whole = (col("last") - col("first")).dt.total_days() + 1 == col("rows")
            assert days.filter(~whole | (col("last") != watermark)).is_empty(), name


def test_customers_at_both_ends_tie(tables: Tables) -> None:
    """at_start - lost + new + reactivated = at_end, retained + lost = at_start, the types of loss sum to lost; in every
    segment. Rules: M2.6 M2.8."""
    for name, frame in some(tables, "customer_retention_daily", "customer_retention_calendar").items():
        start, lost, end = (col(f"customers_{what}") for what in ("at_start", "lost", "at_end"))
        moved = start - lost + col("customers_new") + col("customers_reactivated")
        ties = (moved == end) & (col("customers_retained") + lost == start)
        assert frame.filter(~ties | (summed(LOSSES, "customers_lost_") != lost)).is_empty(), name


def test_the_start_of_a_window_is_the_end_of_the_days_before_it(tables: Tables) -> None:
    """Of everybody, at_start of a window of w days is at_end w days earlier."""
    for frame in some(tables, "customer_retention_daily").values():
        everybody = frame.filter(col("segment") == "all")
        ends = everybody.select(
            "basis", "window_days", date=col("date").dt.offset_by("1d"), end_before="customers_at_end"
        ).filter(col("window_days") == 1)
        both = everybody.join(ends, on=["basis", "window_days", "date"])
        assert both.filter(col("customers_at_start") != col("end_before")).is_empty()
        by_day = everybody.select("basis", "date", "customers_at_end").unique()
        assert by_day.select("basis", "date").is_unique().all()


def test_revenue_flows_tie_and_continue(tables: Tables) -> None:
    """Opening to closing, exactly, for every day, currency and segment, converted too; closing is tomorrow's opening.
    Of everybody nobody enters or leaves; over a dimension as much enters as leaves. Rules: M3.18 M3.19."""
    for frame in some(tables, "mrr_daily").values():
        assert frame.filter(summed(GAINED, "mrr_") - summed(LOST, "mrr_") != col("mrr_closing")).is_empty()
        keys = ["currency", "is_converted", *SEGMENT]
        before = col("mrr_closing").shift(1, fill_value=0).over(keys, order_by="date")
        assert frame.filter(col("mrr_opening") != before).is_empty()
        contract = frame.filter(~col("is_converted"))
        assert contract.filter(col("mrr_fx") != 0).is_empty()
        crossed = contract.group_by("date", "currency", "segment").agg(col("mrr_entering", "mrr_leaving").sum())
        assert crossed.filter(col("mrr_entering") != col("mrr_leaving")).is_empty()
        assert crossed.filter(col("segment") == "all", col("mrr_entering") != 0).is_empty()


def test_the_ledger_sums_to_the_days(tables: Tables) -> None:
    """The movements of a day in the ledger sum to those of mrr_daily, by kind, amount and customers. Rules: M3.17."""
    if not {"mrr_movements", "mrr_daily"} <= tables.keys():
        pytest.skip("this world has no movements")
    names = {"new": "new", "reactivation": "reactivation", "expansion": "expansion", "contraction": "contraction"}
    kinds = names | {"churn": "churned"}
    booked = (
        tables["mrr_movements"]
        .group_by("date", "currency")
        .agg(
            *(col("amount").filter(col("movement") == kind).sum().abs().alias(name) for kind, name in kinds.items()),
            customers=(col("movement") == "churn").sum(),
        )
    )
    days = tables["mrr_daily"].filter(~col("is_converted"), col("segment") == "all")
    both = days.join(booked, on=["date", "currency"], how="left").fill_null(0)
    assert booked.join(days, on=["date", "currency"], how="anti").is_empty()
    for name in kinds.values():
        assert both.filter(col(f"mrr_{name}") != col(name)).is_empty(), name
    assert both.filter(col("customers_churned") != col("customers")).is_empty()


def test_gross_retention_is_at_most_net_and_at_most_one(tables: Tables) -> None:
    """0 <= GRR <= min(1, NRR), and revenue churn is the rest. Rules: M3.24."""
    for name, frame in some(tables, "revenue_retention_daily", "revenue_retention_calendar").items():
        gross, net = col("gross_revenue_retention"), col("net_revenue_retention")
        assert frame.filter((gross < 0) | (gross > 1) | (gross > net)).is_empty(), name
        kept, start, end = (col(f"revenue_{what}") for what in ("retained", "at_start", "at_end"))
        assert frame.filter((kept > start) | (kept > end) | (kept < 0)).is_empty(), name
        assert frame.filter((col("revenue_churn_rate") - (1 - gross)).abs() > 1e-12).is_empty(), name


def test_users_tie(tables: Tables) -> None:
    """active = new + retained + resurrected, before = retained + dormant, and nobody is active on more days than the
    period has. Rules: M4.2."""
    for frame in some(tables, "user_activity_daily").values():
        active = summed(("new", "retained", "resurrected"), "users_")
        before = summed(("retained", "dormant"), "users_")
        assert frame.filter((col("users_active") != active) | (col("users_active_before") != before)).is_empty()
        days = col("user_days")
        most = col("users_active") * col("period_days")
        assert frame.filter((days < col("users_active")) | (days > most)).is_empty()


def test_unbounded_retention_falls_with_age(tables: Tables) -> None:
    """Whoever comes at an age or later came at every earlier age or later; age 0 is everybody. Rules: M4.7."""
    for frame in some(tables, "user_retention_cohorts").values():
        cohort = ["cohort_grain", "cohort_start", *SEGMENT]
        later = col("users_retained_or_later")
        assert frame.filter((col("users_retained") > later) | (later > col("users_in_cohort"))).is_empty()
        assert frame.filter(col("age") == 0, later != col("users_in_cohort")).is_empty()
        assert frame.filter(later > later.shift(1).over(cohort, order_by="age")).is_empty()


def test_who_returned_stays_returned(tables: Tables) -> None:
    """Of one cohort of users at most as many returned by an earlier age. Rules: M4.6."""
    for frame in some(tables, "user_retention_daily").values():
        returned = col("users_returned")
        everybody = frame.filter(col("segment") == "all")
        assert everybody.filter(returned < returned.shift(1).over("cohort_date", order_by="age_days")).is_empty()
        assert everybody.filter((returned > col("users_in_cohort")) | (col("users_retained") > returned)).is_empty()


def test_cohorts_begin_whole_and_their_revenue_adds_up(tables: Tables) -> None:
    """At age 0 a cohort is retained whole; revenue_cumulative is the running sum of revenue (subscriptions: of months
    only); first orders of a month are the cohort of the month. Rules: M5.2 M5.4."""
    for frame in some(tables, "customer_cohorts").values():
        size = col("customers_in_cohort")
        assert frame.filter(col("age") == 0, col("customers_retained") != size).is_empty()
        assert frame.filter(col("customers_retained") > size).is_empty()
        cohort = ["basis", "cohort_grain", "cohort_start", "currency", *SEGMENT]
        running = col("revenue").cum_sum().over(cohort, order_by="age")
        added = (col("basis") == "orders") | (col("cohort_grain") == "month")
        assert frame.filter(added, col("revenue_cumulative") != running).is_empty()
        assert frame.filter(~added, col("revenue_cumulative").is_not_null()).is_empty()
        if "orders_daily" in tables:
            months = frame.filter(col("basis") == "orders", cohort_grain="month", age=0, segment="all")
            starts = col("date").dt.truncate("1mo").alias("cohort_start")
            days = tables["orders_daily"].filter(~col("is_converted"), segment="all")
            first = days.group_by("currency", starts).agg(col("customers_first_order").sum())
            both = months.join(first, on=["currency", "cohort_start"], how="left")
            assert both.filter(size != col("customers_first_order")).is_empty()


def test_the_values_of_a_dimension_sum_to_all(tables: Tables) -> None:
    """For each dimension the measures of its values sum to those of everybody, in contract currency. Rules: M7.1."""
    for name, frame in tables.items():
        if "segment" not in frame.columns:
            continue
        rows = frame.filter(~col("is_converted")) if "is_converted" in frame.columns else frame
        rows = rows.filter(col("cohort_grain") != "day") if "cohort_grain" in frame.columns else rows
        grain = [column.name for column in catalog.load()[name].table.grain]
        apart = {*grain, *SEGMENT, "mrr_entering", "mrr_leaving"}
        measures = [c for c, kind in frame.schema.items() if c not in apart and kind not in (Float64, Boolean, Date)]
        sums = rows.group_by(*grain, "segment").agg(col(measures).sum())
        everybody = sums.filter(segment="all").drop("segment")
        for segment in set(sums["segment"]) - {"all"}:
            both = everybody.join(sums.filter(segment=segment), on=grain, how="full", suffix="_of_values")
            for measure in measures:
                wrong = both.filter(col(measure).fill_null(0) != col(f"{measure}_of_values").fill_null(0))
                assert wrong.is_empty(), (name, segment, measure, wrong)
