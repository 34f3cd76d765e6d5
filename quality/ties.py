"""The identities that tie one published table to another, or a day to an earlier one: docs/metrics.md as queries.

Each compares what two sides say of the same people or the same money. What ties within one row or over segments is
in identities.py, with the judging of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from assets.calendar import period_number, period_start
from warehouse.table import SEGMENT_ALL

ALL = pl.col("segment") == SEGMENT_ALL
CONTRACT = ALL & ~pl.col("is_converted")
A_DAY = ALL & (pl.col("window_days") == 1)


@dataclass(frozen=True, slots=True)
class Side:
    """A sum over the rows of one table that `only` keeps, for each value of `keys`."""

    table: str
    value: pl.Expr
    keys: Mapping[str, pl.Expr]
    only: pl.Expr = ALL

    @property
    def needs(self) -> set[str]:
        """The columns the table must have for this side to say something."""
        return {name for part in (self.value, self.only, *self.keys.values()) for name in part.meta.root_names()}

    def sums(self, frame: pl.DataFrame, name: str) -> pl.DataFrame:
        rows = frame.lazy().filter(self.only).select(**self.keys, **{name: self.value})
        return rows.group_by(*self.keys).agg(pl.col(name).sum()).collect()


@dataclass(frozen=True, slots=True)
class Tie:
    """Left and right must agree for each key of the left; a key that the right side lacks counts as 0 there.

    The right side's keys are some of the left's. `both` ways: the right side may not have keys that the left lacks.
    """

    name: str
    left: Side
    right: Side
    relation: Literal["=", "<="] = "="
    both: bool = False

    def broken(self, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """The keys that do not agree, with the two numbers as `left` and `right`."""
        left = self.left.sums(frames[self.left.table], "left")
        right = self.right.sums(frames[self.right.table], "right")
        both = left.join(right, on=list(self.right.keys), how="full" if self.both else "left", coalesce=True)
        filled = both.with_columns(pl.col("left", "right").fill_null(0))
        agrees = pl.col("left") <= pl.col("right") if self.relation == "<=" else pl.col("left") == pl.col("right")
        return filled.filter(~agrees)


def same(*names: str) -> dict[str, pl.Expr]:
    """Keys that are called the same on both sides."""
    return {name: pl.col(name) for name in names}


def _days_before(window: str) -> pl.Expr:
    return pl.col("date") - pl.duration(days=pl.col(window))


def _movement(column: str, movement: str, amount: pl.Expr) -> Tie:
    keys = same("date", "currency")
    ledger = Side("mrr_movements", amount, keys, pl.col("movement") == movement)
    return Tie(
        f"{column} ties with the movements '{movement}'",
        Side("mrr_daily", pl.col(column), keys, CONTRACT),
        ledger,
        both=True,
    )


_NEXT_DAY = pl.col("date") + pl.duration(days=1)
_COUNT = pl.col("amount").is_not_null().cast(pl.Int64)
_LEDGER_COLUMNS = (
    ("mrr_new", "new", pl.col("amount")),
    ("mrr_reactivation", "reactivation", pl.col("amount")),
    ("mrr_expansion", "expansion", pl.col("amount")),
    ("mrr_contraction", "contraction", -pl.col("amount")),
    ("mrr_churned", "churn", -pl.col("amount")),
    ("customers_new", "new", _COUNT),
    ("customers_reactivated", "reactivation", _COUNT),
    ("customers_churned", "churn", _COUNT),
)
_MONEY_KEYS = ("currency", "is_converted", "segment", "segment_value")
_PAYING_BEFORE = pl.col("customers_paying") - pl.col("customers_new") - pl.col("customers_reactivated")
_SUBSCRIBED = ALL & (pl.col("basis") == "subscription")
_ORDER_COHORTS = ALL & (pl.col("basis") == "orders") & (pl.col("cohort_grain") == "month")
_MONTH = pl.col("date").dt.truncate("1mo")
_MONTH_OF_CELL = period_number(pl.col("cohort_start"), "month") + pl.col("age").cast(pl.Int32)
_COHORT_KEYS = ("basis", "currency", "segment", "segment_value")

TIES = (
    *(_movement(*column) for column in _LEDGER_COLUMNS),
    Tie(
        "mrr_opening is the closing of the day before",
        Side("mrr_daily", pl.col("mrr_opening"), same("date", *_MONEY_KEYS), pl.lit(True)),
        Side("mrr_daily", pl.col("mrr_closing"), {"date": _NEXT_DAY, **same(*_MONEY_KEYS)}, pl.lit(True)),
    ),
    Tie(
        "customers_paying less those who came, plus those who left, is that of the day before",
        Side("mrr_daily", _PAYING_BEFORE + pl.col("customers_churned"), same("date", "currency"), CONTRACT),
        Side("mrr_daily", pl.col("customers_paying"), {"date": _NEXT_DAY, **same("currency")}, CONTRACT),
    ),
    Tie(
        "customers_at_start is customers_at_end of the day the window starts on",
        Side(
            "customer_retention_daily",
            pl.col("customers_at_start"),
            {"date": _days_before("window_days"), **same("basis", "window_days")},
        ),
        Side(
            "customer_retention_daily",
            pl.col("customers_at_end"),
            same("date", "basis"),
            A_DAY,
        ),
    ),
    Tie(
        "subscribers at the end of a day pay in some currency",
        Side(
            "customer_retention_daily",
            pl.col("customers_at_end"),
            same("date"),
            A_DAY & _SUBSCRIBED,
        ),
        Side("mrr_daily", pl.col("customers_paying"), same("date"), CONTRACT),
        relation="<=",
    ),
    Tie(
        "who pays in a currency is a subscriber at the end of the day",
        Side("mrr_daily", pl.col("customers_paying"), same("date", "currency"), CONTRACT),
        Side(
            "customer_retention_daily",
            pl.col("customers_at_end"),
            same("date"),
            A_DAY & _SUBSCRIBED,
        ),
        relation="<=",
    ),
    *(
        Tie(
            f"{column} is {other} of the day the window starts on",
            Side(
                "revenue_retention_daily",
                pl.col(column),
                {"date": _days_before("window_days"), **same("currency", "window_days")},
                CONTRACT & _SUBSCRIBED,
            ),
            Side("mrr_daily", pl.col(other), same("date", "currency"), CONTRACT),
        )
        for column, other in (("revenue_at_start", "mrr_closing"), ("payers_at_start", "customers_paying"))
    ),
    Tie(
        "weekly and monthly cohorts hold the same customers",
        Side(
            "customer_cohorts",
            pl.col("customers_in_cohort"),
            same(*_COHORT_KEYS),
            (pl.col("cohort_grain") == "week") & (pl.col("age") == 0),
        ),
        Side(
            "customer_cohorts",
            pl.col("customers_in_cohort"),
            same(*_COHORT_KEYS),
            (pl.col("cohort_grain") == "month") & (pl.col("age") == 0),
        ),
        both=True,
    ),
    Tie(
        "the cohorts of a month are its first orders",
        Side(
            "customer_cohorts",
            pl.col("customers_in_cohort"),
            {"month": pl.col("cohort_start"), **same("currency")},
            _ORDER_COHORTS & (pl.col("age") == 0),
        ),
        Side("orders_daily", pl.col("customers_first_order"), {"month": _MONTH, **same("currency")}, CONTRACT),
        both=True,
    ),
    Tie(
        "the revenue of all cohorts in a month is that of its orders",
        Side(
            "customer_cohorts",
            pl.col("revenue"),
            {"month": period_start(_MONTH_OF_CELL, "month"), **same("currency")},
            _ORDER_COHORTS,
        ),
        Side("orders_daily", pl.col("revenue"), {"month": _MONTH, **same("currency")}, CONTRACT),
        both=True,
    ),
    Tie(
        "users_active_before is users_active of the period before",
        Side(
            "user_activity_daily",
            pl.col("users_active_before"),
            {"date": _days_before("period_days"), **same("period_days")},
        ),
        Side("user_activity_daily", pl.col("users_active"), same("date", "period_days")),
    ),
    Tie(
        "users_in_cohort are the new users of that day",
        Side("user_retention_daily", pl.col("users_in_cohort"), {"date": pl.col("cohort_date"), **same("age_days")}),
        Side("user_activity_daily", pl.col("users_new"), same("date"), ALL & (pl.col("period_days") == 1)),
    ),
    Tie(
        "users_in_cohort at age 0 are the new users of that day",
        Side(
            "user_retention_cohorts",
            pl.col("users_in_cohort"),
            {"date": pl.col("cohort_start")},
            ALL & (pl.col("cohort_grain") == "day") & (pl.col("age") == 0),
        ),
        Side("user_activity_daily", pl.col("users_new"), same("date"), ALL & (pl.col("period_days") == 1)),
        both=True,
    ),
)
