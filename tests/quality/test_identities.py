"""Identities find what does not tie, say where, and apply to every table that has their columns."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from quality import identities
from quality.identities import ROW_IDENTITIES
from quality.ties import TIES
from warehouse import catalog
from warehouse.table import MONEY, Column, Measure, Ratio, Table

DAY = date(2026, 3, 1)
TABLES = {name: entry.table for name, entry in catalog.load().metrics.items()}
EARLY = {"user_retention_cohorts"}


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of the segment `all`, Decimals as published money."""
    plain = pl.DataFrame(rows, infer_schema_length=None)
    money = [name for name, dtype in plain.schema.items() if dtype == pl.Decimal]
    return plain.with_columns(pl.col(money).cast(MONEY), segment=pl.lit("all"), segment_value=pl.lit("all"))


def table(*measures: str, ratios: tuple[Ratio, ...] = ()) -> Table:
    columns = (*(Measure(name, description=name) for name in measures), *ratios)
    return Table("sales_daily", "Sales.", "metrics", (Column("date", pl.Date, "day"),), columns, segmented=True)


def test_a_row_that_does_not_add_up_is_named() -> None:
    # 10 - 3 + 2 + 1 = 10 on the first day, on the second 11 is said
    counts = {"customers_at_start": 10, "customers_lost": 3, "customers_new": 2, "customers_reactivated": 1}
    rows = frame(
        [{"date": DAY, **counts, "customers_at_end": 10}, {"date": date(2026, 3, 2), **counts, "customers_at_end": 11}]
    )
    (found,) = identities.within_rows(table(*counts, "customers_at_end"), rows)
    assert (found.observed, found.where) == (1, "date=2026-03-02 segment=all segment_value=all")


def test_segments_that_do_not_sum_to_all_are_named_with_their_dimension() -> None:
    # all 5 = Norway 2 + Chile 3; by channel only 4 of the 5
    rows = pl.DataFrame(
        [(DAY, "all", "all", 5), (DAY, "country", "CL", 3), (DAY, "country", "NO", 2), (DAY, "channel", "ads", 4)],
        schema=["date", "segment", "segment_value", "orders"],
        orient="row",
    )
    (found,) = identities.segments(table("orders"), rows)
    assert (found.observed, found.column, found.where) == (1, "orders", "date=2026-03-01 segment=channel")


def test_converted_money_may_differ_by_its_roundings() -> None:
    rows = pl.DataFrame(
        [
            (DAY, "USD", converted, segment, value, Decimal(amount))
            for converted, whole in ((True, "10.01"), (False, "10.01"))
            for segment, value, amount in (("all", "all", whole), ("country", "CL", "5"), ("country", "NO", "5"))
        ],
        schema={
            "date": pl.Date,
            "currency": pl.String,
            "is_converted": pl.Boolean,
            "segment": pl.String,
            "segment_value": pl.String,
            "revenue": MONEY,
        },
        orient="row",
    )
    sales = Table(
        "sales_daily",
        "Sales.",
        "metrics",
        (
            Column("date", pl.Date, "day"),
            Column("currency", pl.String, "currency"),
            Column("is_converted", pl.Boolean, "flag"),
        ),
        (Measure("revenue", description="money"),),
        segmented=True,
    )
    (found,) = identities.segments(sales, rows)
    assert (found.observed, found.where) == (1, "date=2026-03-01 currency=USD is_converted=False segment=country")


def test_what_enters_a_segment_value_left_another() -> None:
    # a plan change moves 40 from basic to pro; on the second day 10 of it come from nowhere
    def row(day: date, value: str, entering: int, leaving: int) -> dict[str, Any]:
        money = {"mrr_entering": Decimal(entering), "mrr_leaving": Decimal(leaving)}
        return {
            "date": day,
            "currency": "USD",
            "is_converted": False,
            "segment": "plan",
            "segment_value": value,
            **money,
        }

    later = date(2026, 3, 2)
    rows = [row(DAY, "pro", 40, 0), row(DAY, "basic", 0, 40), row(later, "pro", 40, 0), row(later, "basic", 0, 30)]
    keys = (Column("date", pl.Date, "day"), Column("currency", pl.String, "currency"))
    mrr = Table("mrr_daily", "MRR.", "metrics", keys, segmented=True)
    (found,) = identities.crossings(mrr, pl.DataFrame(rows))
    assert (found.observed, found.where) == (1, "date=2026-03-02 currency=USD segment=plan")


@pytest.mark.parametrize(("rate", "broken"), [(0.5, 0), (0.51, 1), (None, 1)])
def test_a_ratio_follows_from_its_row(rate: float | None, broken: int) -> None:
    ratio = Ratio("share", description="part / whole", numerator="part", denominator="whole")
    rows = frame([{"date": DAY, "part": 1, "whole": 2, "share": rate}])
    rows = rows.with_columns(pl.col("share").cast(pl.Float64))
    (found,) = identities.ratios(table("part", "whole", ratios=(ratio,)), rows)
    assert found.observed == broken


def test_a_missing_day_and_a_table_that_stops_early_are_found() -> None:
    whole = frame([{"date": DAY + timedelta(days=number), "orders": 1} for number in range(5)])
    last = DAY + timedelta(days=4)

    def observed(rows: pl.DataFrame, watermark: date) -> float | None:
        (found,) = identities.days(table("orders"), rows, watermark)
        return found.observed

    assert observed(whole, last) == 0
    assert observed(whole.filter(pl.col("date") != date(2026, 3, 3)), last) == 1
    assert observed(whole, date(2026, 3, 6)) == 1


def test_movements_tie_with_the_day_they_belong_to() -> None:
    # 100 opening + 30 new - 20 contraction = 110 closing; the ledger has the contraction as -20
    money = {name: Decimal(0) for name in ("mrr_reactivation", "mrr_expansion", "mrr_churned")}
    daily = frame(
        [
            {
                "date": DAY,
                "currency": "USD",
                "is_converted": False,
                "mrr_new": Decimal(30),
                "mrr_contraction": Decimal(20),
                **money,
            }
        ]
    )
    ledger = pl.DataFrame(
        [(DAY, "USD", "new", Decimal(30)), (DAY, "USD", "contraction", Decimal(-20))],
        schema={"date": pl.Date, "currency": pl.String, "movement": pl.String, "amount": MONEY},
        orient="row",
    )
    assert disagreeing(mrr_daily=daily, mrr_movements=ledger) == {}
    lost = disagreeing(mrr_daily=daily, mrr_movements=ledger.head(1))
    assert list(lost) == ["mrr_contraction ties with the movements 'contraction'"]
    assert list(lost.values()) == ["date=2026-03-01 currency=USD left=20.0000 right=0.0000"]
    extra = pl.concat([ledger, ledger.tail(1).with_columns(date=date(2026, 3, 2))])
    assert list(disagreeing(mrr_daily=daily, mrr_movements=extra)) == [*lost]


def test_a_day_opens_with_what_the_day_before_closed_with() -> None:
    def day(number: int, opening: int, closing: int) -> dict[str, Any]:
        money = {"mrr_opening": Decimal(opening), "mrr_closing": Decimal(closing)}
        return {"date": DAY + timedelta(days=number), "currency": "USD", "is_converted": False, **money}

    assert disagreeing(mrr_daily=frame([day(0, 0, 10), day(1, 10, 15), day(2, 15, 0)])) == {}
    assert list(disagreeing(mrr_daily=frame([day(0, 0, 10), day(1, 11, 15)]))) == [
        "mrr_opening is the closing of the day before"
    ]


def test_a_window_starts_with_the_customers_of_the_day_it_starts_on() -> None:
    def row(number: int, window: int, at_start: int, at_end: int) -> dict[str, Any]:
        counts = {"customers_at_start": at_start, "customers_at_end": at_end}
        return {"basis": "orders", "date": DAY + timedelta(days=number), "window_days": window, **counts}

    right = [row(0, 1, 0, 4), row(1, 1, 4, 6), row(0, 7, 0, 4), row(1, 7, 0, 6)]
    assert disagreeing(customer_retention_daily=frame(right)) == {}
    wrong = [*right[:3], row(1, 7, 4, 6)]
    assert list(disagreeing(customer_retention_daily=frame(wrong))) == [
        "customers_at_start is customers_at_end of the day the window starts on"
    ]


def test_cohort_revenue_is_the_revenue_of_the_orders() -> None:
    # January's cohort brings 5 in January and 7 in February, February's own 3: 10 in February
    cohorts = [("2026-01-01", 0, 5), ("2026-01-01", 1, 7), ("2026-02-01", 0, 3)]
    triangle = frame(
        [
            {
                "basis": "orders",
                "cohort_grain": "month",
                "cohort_start": date.fromisoformat(start),
                "age": age,
                "currency": "USD",
                "revenue": Decimal(revenue),
            }
            for start, age, revenue in cohorts
        ]
    )
    days = [(date(2026, 1, 9), 5), (date(2026, 2, 2), 4), (date(2026, 2, 27), 6)]
    orders = frame(
        [{"date": day, "currency": "USD", "is_converted": False, "revenue": Decimal(revenue)} for day, revenue in days]
    )
    assert disagreeing(customer_cohorts=triangle, orders_daily=orders) == {}
    # As the files of a table lie, of which one may have no row that is asked for.
    in_pieces = pl.concat([triangle.with_columns(cohort_grain=pl.lit("week")), triangle], rechunk=False)
    assert disagreeing(customer_cohorts=in_pieces, orders_daily=orders) == {}
    wrong = orders.with_columns(revenue=pl.col("revenue") + 1)
    assert len(disagreeing(customer_cohorts=triangle, orders_daily=wrong)) == 1


@pytest.mark.parametrize("tie", TIES, ids=lambda tie: tie.name)
def test_every_tie_speaks_of_columns_that_are_published(tie: Any) -> None:  # noqa: ANN401
    for side in (tie.left, tie.right):
        if side.table not in EARLY:
            assert side.needs <= {column.name for column in TABLES[side.table].all_columns}


def test_row_identities_speak_of_published_columns() -> None:
    columns = {column.name for table in TABLES.values() for column in table.all_columns}
    without_table = [text for text in ROW_IDENTITIES if not identities.named_in(text) <= columns]
    assert all("or_later" in text or "repeating" in text for text in without_table), without_table


def disagreeing(**frames: pl.DataFrame) -> dict[str, str]:
    """The ties that do not hold, with the place."""
    applicable = [tie for tie in TIES if all(_has(side, frames) for side in (tie.left, tie.right))]
    assert applicable
    found = [(tie.name, identities.tied(tie, frames)) for tie in applicable]
    return {name: one.where for name, one in found if one.observed}


def _has(side: Any, frames: dict[str, pl.DataFrame]) -> bool:  # noqa: ANN401
    return side.table in frames and side.needs <= set(frames[side.table].columns)
