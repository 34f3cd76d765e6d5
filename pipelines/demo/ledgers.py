"""Exact sums of what the made-up business did, by month and currency, shaped as the published tables have them.

Here belong sums of booked facts. Expectations belong to `truth`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.books import MOVEMENTS, SET_WINDOW
from pipelines.demo.contracts import Contracts
from pipelines.demo.orders import CANCELLED, DAY, PENDING, REFUNDED, Orders
from pipelines.demo.population import Ints, Population
from pipelines.demo.seasons import Calendar, month_name
from pipelines.demo.terms import PLAN_NAMES, Loss
from pipelines.demo.usage import Usage

Rows = list[dict[str, Any]]
REPEAT_WINDOWS = (30, 90, 365)
REVENUE_WINDOWS = (30, 90, 365)


def mrr_movements(contracts: Contracts, calendar: Calendar) -> Rows:
    moved = _with_month(contracts.books.movements(), calendar)
    currency = pl.Series(contracts.terms.currency).gather(moved["contract"]).alias("currency")
    sums = (
        moved.with_columns(currency)
        .group_by("month", "currency", "movement")
        .agg(pl.len().alias("movements"), (pl.col("after") - pl.col("before")).sum().alias("cents"))
        .sort("month", "currency", "movement")
    )
    return [
        {
            "month": month_name(row["month"]),
            "currency": planted.CURRENCIES[row["currency"]],
            "movement": MOVEMENTS[row["movement"]],
            "movements": row["movements"],
            "amount": amount(row["cents"]),
        }
        for row in sums.to_dicts()
    ]


def churn(contracts: Contracts, calendar: Calendar) -> Rows:
    lost = _with_month(contracts.books.movements().filter(pl.col("loss") >= 0), calendar)
    sums = lost.group_by("month", "loss", "plan").len("movements").sort("month", "loss", "plan")
    return [
        {
            "month": month_name(row["month"]),
            "churn_type": Loss(row["loss"]).name.lower(),
            "plan": PLAN_NAMES[row["plan"]],
            "movements": row["movements"],
        }
        for row in sums.to_dicts()
    ]


def mrr_closing(contracts: Contracts, calendar: Calendar) -> Rows:
    rows = []
    for day in _closing_days(calendar):
        mrr = contracts.books.mrr_at(day)
        for position, currency in enumerate(planted.CURRENCIES):
            mine = mrr[contracts.terms.currency == position]
            sums = {"mrr_closing": amount(int(mine.sum())), "customers_paying": int((mine > 0).sum())}
            rows.append({"date": calendar.date_of(day).isoformat(), "currency": currency} | sums)
    return rows


def customer_retention(contracts: Contracts, calendar: Calendar) -> Rows:
    books = contracts.books
    first = books.movements().filter(pl.col("movement") == MOVEMENTS.index("new"))
    first_day = np.full(contracts.terms.count, calendar.days, dtype=np.int64)
    first_day[first["contract"].to_numpy()] = first["day"].to_numpy()
    rows = []
    for day in _closing_days(calendar):
        start, end = books.mrr_at(day - SET_WINDOW) > 0, books.mrr_at(day) > 0
        joined = end & ~start
        is_new = first_day > day - SET_WINDOW
        sets = {
            "customers_at_start": start,
            "customers_retained": start & end,
            "customers_lost": start & ~end,
            "customers_new": joined & is_new,
            "customers_reactivated": joined & ~is_new,
            "customers_at_end": end,
        }
        counts = {name: int(members.sum()) for name, members in sets.items()}
        rows.append({"date": calendar.date_of(day).isoformat(), "window_days": SET_WINDOW} | counts)
    return rows


def revenue_retention(contracts: Contracts, calendar: Calendar) -> Rows:
    last, rows = calendar.days - 1, []
    for window in REVENUE_WINDOWS:
        before, after = contracts.books.mrr_at(last - window), contracts.books.mrr_at(last)
        for position, currency in enumerate(planted.CURRENCIES):
            payers = (before > 0) & (contracts.terms.currency == position)
            sums: dict[str, Any] = {"payers_at_start": int(payers.sum())}
            sums["revenue_at_start"] = amount(int(before[payers].sum()))
            sums["revenue_at_end"] = amount(int(after[payers].sum()))
            sums["revenue_retained"] = amount(int(np.minimum(before, after)[payers].sum()))
            rows.append({"date": calendar.last.isoformat(), "window_days": window, "currency": currency} | sums)
    return rows


def user_days(usage: Usage, calendar: Calendar) -> Rows:
    months, counts = np.unique(calendar.months()[usage.day], return_counts=True)
    return [
        {"month": month_name(month), "user_days": count}
        for month, count in zip(months.tolist(), counts.tolist(), strict=True)
    ]


def orders(bought: Orders, population: Population, calendar: Calendar) -> Rows:
    """Orders that happened, on their days; a refund counts on the day of its order."""
    rows = _with_month(_happened(bought), calendar)
    currency = pl.Series(population.currency).gather(rows["customer"]).alias("currency")
    is_first_day = pl.col("day") == pl.col("day").min().over("customer")
    sums = (
        rows.with_columns(currency, is_first_day.alias("is_first_day"))
        .group_by("month", "currency")
        .agg(
            pl.len().alias("orders"),
            pl.col("customer").filter(pl.col("is_first_day")).n_unique().alias("customers_first_order"),
            pl.col("net").sum().alias("revenue"),
        )
        .sort("month", "currency")
    )
    return [
        row
        | {
            "month": month_name(row["month"]),
            "currency": planted.CURRENCIES[row["currency"]],
            "revenue": amount(row["revenue"]),
        }
        for row in sums.to_dicts()
    ]


def repeat_purchase(bought: Orders, calendar: Calendar) -> Rows:
    happened, rows = _happened(bought), []
    for window in REPEAT_WINDOWS:
        inside = happened.filter(pl.col("day") > calendar.days - 1 - window)
        days = inside.group_by("customer").agg(pl.col("day").n_unique())["day"]
        counts = {
            "customers_ordering": days.len(),
            "customers_repeating": int((days >= 2).sum()),
            "orders": inside.height,
        }
        rows.append({"date": calendar.last.isoformat(), "window_days": window} | counts)
    return rows


def amount(cents: int) -> str:
    """Cents as decimal text."""
    sign, cents = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def _happened(bought: Orders) -> pl.DataFrame:
    """The counting version of each order that happened: customer, day, net (cents)."""
    last = bought.versions.filter(pl.col("is_last") & ~pl.col("status").is_in([CANCELLED, PENDING]))
    unstated = pl.when(pl.col("status") == REFUNDED).then("cents").otherwise(0)
    net = pl.col("cents") - pl.coalesce("refunded_cents", unstated)
    return last.select("customer", (pl.col("second") // DAY).alias("day"), net.alias("net"))


def _with_month(rows: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    months: Ints = calendar.months()
    return rows.with_columns(pl.Series("month", months[rows["day"].to_numpy()], dtype=pl.Int64))


def _closing_days(calendar: Calendar) -> list[int]:
    return sorted({*calendar.month_ends(), calendar.days - 1})
