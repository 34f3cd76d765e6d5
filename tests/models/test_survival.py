"""The Kaplan-Meier curve and its interval against lifelines, on random lives."""

from __future__ import annotations

import random

import polars as pl
import pytest
from lifelines import KaplanMeierFitter

from assets.metrics.survival_curves import with_curve


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_is_that_of_lifelines(seed: int) -> None:
    dice = random.Random(seed)
    ages = [dice.randrange(1, 60) for _ in range(dice.choice((15, 40, 400)))]
    is_lost = [dice.random() < 0.6 for _ in ages]
    rows = pl.DataFrame(
        {
            "age_days": range(max(ages) + 1),
            "at_risk": [sum(age >= day for age in ages) for day in range(max(ages) + 1)],
            "lost": [
                sum(age == day and gone for age, gone in zip(ages, is_lost, strict=True))
                for day in range(max(ages) + 1)
            ],
        }
    ).with_columns(segment_value=pl.lit("all"))
    ours = with_curve(rows.lazy(), ["segment_value"]).collect()
    theirs = KaplanMeierFitter().fit(ages, is_lost, timeline=range(max(ages) + 1))
    assert ours["survival"].to_list() == pytest.approx(theirs.survival_function_.iloc[:, 0].tolist(), abs=1e-12)
    inside = ours.with_row_index().filter(pl.col("survival_low").is_not_null())
    assert inside.height > 0
    bounds = theirs.confidence_interval_.iloc[inside["index"].to_list()]
    assert inside["survival_low"].to_list() == pytest.approx(bounds.iloc[:, 0].tolist(), abs=1e-12)
    assert inside["survival_high"].to_list() == pytest.approx(bounds.iloc[:, 1].tolist(), abs=1e-12)
