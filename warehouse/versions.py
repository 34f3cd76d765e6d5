"""Which version of each thing counts: the latest, whatever the order of arrival. Pure: frames in, frames out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl


def are_current(contenders: pl.DataFrame) -> pl.Series:
    """Of all versions of each `key`, the one with the highest (version, file, row), a null version being the oldest.

    Needs key, version, file, row and `is_eligible`; what is not eligible never counts. Rows without a key do not
    compete here.
    """
    counts = contenders["is_eligible"].alias("is_current")
    able = contenders.with_row_index("place").filter("is_eligible", pl.col("key").is_not_null())
    rivals = able.filter(able["key"].hash().is_in(shared(able["key"].hash()).implode()))
    rivals = rivals.filter(rivals["key"].is_duplicated()).sort("version", "file", "row", nulls_last=False)
    winners = rivals.unique("key", keep="last", maintain_order=True)
    losers = rivals["place"].filter(~rivals["place"].is_in(winners["place"].implode()))
    return counts.scatter(losers, False) if len(losers) else counts


def shared(hashes: pl.Series) -> pl.Series:
    """The values that are there more than once, each once. Of hashes it tells which keys may have a rival, at a tenth
    of what comparing the keys costs."""
    ordered = hashes.sort()
    return ordered.filter((ordered == ordered.shift()).fill_null(False)).unique()


def without_repeats(rows: pl.DataFrame, key: pl.Expr, business: Sequence[str]) -> pl.DataFrame:
    """Rows without a key, equal in all business columns, are one: the last (file, row) of them stays current."""
    nameless = rows.lazy().with_row_index("place").filter("is_current", key.is_null()).collect()
    if nameless.is_empty():
        return rows
    repeated = nameless.filter(pl.struct(business).is_duplicated()).sort("file", "row")
    kept = repeated.unique(business, keep="last", maintain_order=True)
    losers = repeated["place"].filter(~repeated["place"].is_in(kept["place"].implode()))
    return rows.with_columns(rows["is_current"].scatter(losers, False)) if len(losers) else rows


def last_seen(rows: pl.DataFrame, extracts: Sequence[tuple[str, date | None]]) -> pl.DataFrame:
    """For each subscription of a full extract (rows: subscription_id, file) the day it was `gone`.

    `extracts` are the files with their newest day, in order. That day is the one after the newest fact of the first
    extract that misses the subscription for good; null while the newest extract has it.
    """
    following = [day for _, day in extracts[1:]]
    order = pl.DataFrame(
        {"file": [file for file, _ in extracts], "next_newest_day": [*following, None] if extracts else []},
        schema={"file": pl.String, "next_newest_day": pl.Date},
    ).with_row_index("place")
    return (
        rows.unique()
        .join(order, on="file")
        .sort("place")
        .unique("subscription_id", keep="last", maintain_order=True)
        .select("subscription_id", gone=pl.col("next_newest_day").dt.offset_by("1d"))
    )
