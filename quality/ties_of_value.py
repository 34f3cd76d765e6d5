"""The identities that tie the tables of customers' value, health and words to the tables they speak of.

How a tie is written and judged is in ties.py and identities.py.
"""

from __future__ import annotations

import polars as pl

from assets.states.subscription_mrr import TYPES
from quality.ties import A_DAY, ALL, CONTRACT, Side, Tie, same

_NEWEST = pl.col("date") == pl.col("date").max()
_ROW = ("date", "currency", "is_converted", "segment", "segment_value")
_CURVE = ("basis", "segment", "segment_value")
_SEEN_ON = pl.col("at_risk") - pl.col("lost") - pl.col("censored")


def _churn_type(kind: str) -> Tie:
    keys = same("basis", "date")
    return Tie(
        f"customers_lost as {kind}, whatever the reason, are those of the day",
        Side("churn_reasons_daily", pl.col("customers_lost"), keys, ALL & (pl.col("churn_type") == kind)),
        Side("customer_retention_daily", pl.col(f"customers_lost_{kind}"), keys, A_DAY),
        both=True,
    )


def _paid_before(days: int) -> Tie:
    name = f"customers_at_start_{days}_days"
    before = {"date": pl.col("date") - pl.duration(days=days), **same("currency")}
    return Tie(
        f"{name} are customers_paying of then",
        Side("ltv_daily", pl.col(name), before, CONTRACT),
        Side("mrr_daily", pl.col("customers_paying"), same("date", "currency"), CONTRACT),
    )


TIES_OF_VALUE = (
    *(_churn_type(kind) for kind in TYPES),
    Tie(
        "mrr is mrr_closing",
        Side("ltv_daily", pl.col("mrr"), same(*_ROW), pl.lit(True)),
        Side("mrr_daily", pl.col("mrr_closing"), same(*_ROW), pl.lit(True)),
        both=True,
    ),
    Tie(
        "customers_paying are those of mrr_daily",
        Side("ltv_daily", pl.col("customers_paying"), same(*_ROW), pl.lit(True)),
        Side("mrr_daily", pl.col("customers_paying"), same(*_ROW), pl.lit(True)),
        both=True,
    ),
    *(_paid_before(days) for days in (365, 90)),
    Tie(
        "what comes due is paid for at the watermark",
        Side("upcoming_renewals", pl.col("mrr"), {"date": pl.col("as_of"), **same("currency")}, pl.lit(True)),
        Side("mrr_daily", pl.col("mrr_closing"), same("date", "currency"), CONTRACT),
        relation="<=",
    ),
    Tie(
        "who is at risk was so the day before, and neither lost nor censored",
        Side("survival_curves", pl.col("at_risk"), same("age_days", *_CURVE), pl.col("age_days") > 0),
        Side("survival_curves", _SEEN_ON, {"age_days": pl.col("age_days") + 1, **same(*_CURVE)}, pl.lit(True)),
    ),
    Tie(
        "at age 0 everybody is at risk who ever was new",
        Side("survival_curves", pl.col("at_risk"), same("basis"), ALL & (pl.col("age_days") == 0)),
        Side("customer_retention_daily", pl.col("customers_new"), same("basis"), A_DAY),
    ),
    *(
        Tie(
            f"{column} of all customers are those of all days",
            Side("customer_value", value, same("currency"), pl.lit(True)),
            Side("orders_daily", pl.col(daily), same("currency"), CONTRACT),
            both=True,
        )
        for column, value, daily in (
            ("orders", pl.col("orders"), "orders"),
            ("revenue", pl.col("revenue"), "revenue"),
            ("customers with an order", (pl.col("orders") > 0).cast(pl.Int64), "customers_first_order"),
        )
    ),
    *(
        Tie(
            f"{column} of all customers at the watermark is that of the day",
            Side("customer_value", value, same("currency"), pl.lit(True)),
            Side("mrr_daily", pl.col(daily), same("currency"), CONTRACT & _NEWEST),
            both=True,
        )
        for column, value, daily in (
            ("mrr", pl.col("mrr"), "mrr_closing"),
            ("paying", (pl.col("mrr") > 0).cast(pl.Int64), "customers_paying"),
        )
    ),
    Tie(
        "customers_active of sentiment are those active by usage",
        Side("sentiment_daily", pl.col("customers_active"), same("date")),
        Side(
            "customer_retention_daily",
            pl.col("customers_at_end"),
            same("date"),
            A_DAY & (pl.col("basis") == "usage"),
        ),
    ),
    *(
        Tie(
            f"customers of {flag} are those active by {basis} on the day",
            Side("customer_health", pl.col(flag).cast(pl.Int64), {"basis": pl.lit(basis)}, pl.lit(True)),
            Side(
                "customer_retention_daily",
                pl.col("customers_at_end"),
                same("basis"),
                A_DAY & (pl.col("basis") == basis) & _NEWEST,
            ),
        )
        for basis, flag in (("subscription", "is_paying"), ("orders", "is_ordering"), ("usage", "is_using"))
    ),
)
