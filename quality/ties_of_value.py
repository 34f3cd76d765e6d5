"""The identities that tie the tables of docs/metrics.md section 6 to the tables they speak of.

How a tie is written and judged is in ties.py and identities.py.
"""

from __future__ import annotations

import polars as pl

from assets.states.subscription_mrr import TYPES
from quality.ties import ALL, CONTRACT, Side, Tie, same

_A_DAY = ALL & (pl.col("window_days") == 1)
_ROW = ("date", "currency", "is_converted", "segment", "segment_value")
_CURVE = ("basis", "segment", "segment_value")
_SEEN_ON = pl.col("at_risk") - pl.col("lost") - pl.col("censored")


def _churn_type(kind: str) -> Tie:
    keys = same("basis", "date")
    return Tie(
        f"customers_lost as {kind}, whatever the reason, are those of the day",
        Side("churn_reasons_daily", pl.col("customers_lost"), keys, ALL & (pl.col("churn_type") == kind)),
        Side("customer_retention_daily", pl.col(f"customers_lost_{kind}"), keys, _A_DAY),
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
        both=False,
    ),
    Tie(
        "at age 0 everybody is at risk who ever was new",
        Side("survival_curves", pl.col("at_risk"), same("basis"), ALL & (pl.col("age_days") == 0)),
        Side("customer_retention_daily", pl.col("customers_new"), same("basis"), _A_DAY),
    ),
)
