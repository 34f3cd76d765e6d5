"""Full extracts: a source whose newest file says all that there is, so that what it lacks is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from warehouse.versions import last_seen


@dataclass(frozen=True, slots=True)
class Extracts:
    """Of a full extract: its files that have rows with their newest day, in order (the last one says what there is),
    and the rows of them that are set aside (id, file): bad, but there."""

    files: Sequence[tuple[str, date | None]]
    aside: pl.DataFrame

    NONE_ASIDE: ClassVar[pl.DataFrame] = pl.DataFrame(schema={"id": pl.String, "file": pl.String})


def with_eligibility(contenders: pl.DataFrame, extracts: Extracts | None, is_subscription: bool) -> pl.DataFrame:
    """Adds `is_eligible`: of a full extract, what the newest file lacks does not count. Subscriptions keep their past,
    with the day they were `gone`."""
    if extracts is None:
        return contenders.with_columns(is_eligible=pl.lit(True), gone=pl.lit(None, pl.Date))
    if is_subscription:
        aside = extracts.aside.rename({"id": "subscription_id"})
        seen = last_seen(pl.concat([contenders.select(aside.columns), aside]), extracts.files)
        return contenders.join(seen, on="subscription_id", how="left").with_columns(is_eligible=pl.lit(True))
    newest = extracts.files[-1][0] if extracts.files else ""
    is_there = contenders.filter(file=newest)["key"].append(extracts.aside.filter(file=newest)["id"])
    return contenders.with_columns(
        is_eligible=pl.when(pl.col("key").is_null())
        .then(pl.col("file") == newest)
        .otherwise(pl.col("key").is_in(is_there.drop_nulls().unique().implode()))
    )
