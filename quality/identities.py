"""Sums that must tie exactly, within a row, over segments, over days and across metric tables (docs/metrics.md).

Here belong identities and how their violations are found; bounds of single columns belong to a table's declaration.
An identity holds for every table that has its columns, so that a new table brings its checks with its names. What a
catalog does not have is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import polars as pl

from assets.money import minor_digits
from quality.rules import locate
from quality.ties import TIES, Side, Tie
from quality.ties_of_value import TIES_OF_VALUE
from quality.verdict import Observation
from warehouse.table import SEGMENT_ALL, Table

Frames = Mapping[str, pl.DataFrame]

# Within one row. Both sides are SQL over columns that mean the same in every table; a null side says nothing.
ROW_IDENTITIES = (
    "customers_at_start - customers_lost + customers_new + customers_reactivated = customers_at_end",
    "customers_retained + customers_lost = customers_at_start",
    "customers_lost_voluntary + customers_lost_involuntary + customers_lost_paused + customers_lost_unknown"
    " = customers_lost",
    "users_new + users_retained + users_resurrected = users_active",
    "users_retained + users_dormant = users_active_before",
    "users_active <= user_days",
    "users_retained <= users_in_cohort",
    "users_returned <= users_in_cohort",
    "users_retained <= users_retained_or_later",
    "users_retained_or_later <= users_in_cohort",
    "customers_retained <= customers_in_cohort",
    "customers_retained = customers_in_cohort OR age > 0",
    "mrr_opening + mrr_new + mrr_reactivation + mrr_expansion - mrr_contraction - mrr_churned"
    " + mrr_entering - mrr_leaving + mrr_fx = mrr_closing",
    "revenue_retained <= revenue_at_start",
    "revenue_retained <= revenue_at_end",
    "gross_revenue_retention <= net_revenue_retention",
    "gross_revenue_retention <= 1",
    "customers_repeating <= customers_ordering",
    "customers_ordering <= orders",
    "customers_first_order <= customers_ordering",
    "mrr_after - mrr_before = amount",
    "failed <= attempts",
    "recovered <= failed",
    "amount_failed <= amount_due",
    "amount_recovered <= amount_failed",
    "terms_renewed + terms_lost + terms_pending = terms_due",
    "mrr_renewed <= mrr_due",
    "lost + censored <= at_risk",
    "survival_low <= survival",
    "survival <= survival_high",
    "promoters + passives + detractors = responses",
    "csat_satisfied <= csat_responses",
    "ces_responses <= ces_points",
)
# Joining and leaving a segment is no sum over people; how the two cancel is in `crossings`. Fx is what the rounding of
# all other terms of its row leaves over; that row's own identity holds it.
NOT_ADDITIVE = ("mrr_entering", "mrr_leaving", "mrr_fx")
_EVERY_TIE = (*TIES, *TIES_OF_VALUE)


def observe(
    tables: Mapping[str, Table], frames: Frames, watermark: date, fresh: Frames | None = None
) -> list[Observation]:
    """Every identity that these tables can be asked for, as the number of keys or rows that break it.

    `frames` holds the whole published tables by name; `watermark` is the last day they may speak of. Of `fresh` (by
    default all) are the rows in whole files that were not judged before: what ties within a file is asked of these.
    """
    found: list[Observation] = []
    for name, frame in (frames if fresh is None else fresh).items():
        found += within_rows(tables[name], frame)
        found += ratios(tables[name], frame)
        found += segments(tables[name], frame)
        found += crossings(tables[name], frame)
    for name, frame in frames.items():
        found += days(tables[name], frame, watermark)
    return found + [tied(tie, frames) for tie in _EVERY_TIE if _has(frames, tie.left) and _has(frames, tie.right)]


def _room_for_rounding() -> pl.Expr:
    """Converted money is rounded to the minor unit once per row: each of the values, and `all`, by half of one."""
    minor_unit = pl.lit(10.0).pow(-minor_digits(pl.col("currency")).cast(pl.Float64))
    return pl.when("is_converted").then((pl.col("_values") + 1) * minor_unit / 2).otherwise(0.0)


def _is_money(frame: pl.DataFrame, name: str) -> bool:
    return isinstance(frame.schema[name], pl.Decimal)


def tied(tie: Tie, frames: Frames) -> Observation:
    """How many keys of the tie disagree, across tables or days."""
    disagreeing = tie.broken(frames)
    return _rows(tie.name, tie.left.table, disagreeing, pl.lit(True), (*tie.left.keys, "left", "right"))


def within_rows(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """The row identities whose columns the table has. Shares of one row never need a tolerance."""
    key = tuple(column.name for column in table.keys)
    found = []
    for text in ROW_IDENTITIES:
        if named_in(text) <= set(frame.columns):
            found.append(_rows(text, table.name, frame, ~pl.sql_expr(text), key))
    return found


def ratios(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """Every ratio follows from its own row: null where it must be, else its declared quotient.

    One that needs a column which is not published cannot be followed and is left out.
    """
    key = tuple(column.name for column in table.keys)
    found = []
    for ratio in table.ratios:
        stated, computed = pl.col(ratio.name), ratio.compute()
        if not set(computed.meta.root_names()) <= set(frame.columns):
            continue
        tolerance = 1e-9 * pl.max_horizontal(pl.lit(1.0), computed.abs())
        broken = stated.is_null().ne(computed.is_null()) | ((stated - computed).abs() > tolerance).fill_null(False)
        text = f"{ratio.name} follows from its row"
        found.append(_rows(text, table.name, frame, broken, key))
    return found


def segments(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """For every key and dimension the values sum to `all`, in each measure."""
    names = [one.name for one in table.measures if one.name not in NOT_ADDITIVE]
    if not table.segmented or not names or not frame.height:
        return []
    keys = [column.name for column in table.grain]
    whole = frame.lazy().filter(pl.col("segment") == SEGMENT_ALL).select(*keys, *names)
    sums = (
        frame.lazy()
        .group_by(*keys, "segment")
        .agg(pl.col(names).sum(), pl.len().alias("_values"))
        .join(whole, on=keys, how="left", suffix="_all")
        .collect()
    )
    found = []
    for name in names:
        room = _room_for_rounding() if _is_money(frame, name) and "is_converted" in frame.columns else pl.lit(0.0)
        apart = pl.col(name).fill_null(0) - pl.col(f"{name}_all").fill_null(0)
        broken = apart.cast(pl.Float64).abs() > room
        found.append(_rows("segments sum to all", table.name, sums, broken, (*keys, "segment"), column=name))
    return found


def crossings(table: Table, frame: pl.DataFrame) -> list[Observation]:
    """Over a dimension, the MRR that enters values is what leaves others; in `all` nobody enters or leaves."""
    if not {"mrr_entering", "mrr_leaving", "is_converted"} <= set(frame.columns):
        return []
    keys = [column.name for column in table.grain]
    sums = (
        frame.lazy()
        .filter(~pl.col("is_converted"))
        .group_by(*keys, "segment")
        .agg(pl.col("mrr_entering", "mrr_leaving").sum())
        .collect()
    )
    is_moved = (pl.col("segment") == SEGMENT_ALL) & (pl.col("mrr_entering") != 0)
    broken = (pl.col("mrr_entering") != pl.col("mrr_leaving")) | is_moved
    return [_rows("what enters a segment value left another", table.name, sums, broken, (*keys, "segment"))]


def days(table: Table, frame: pl.DataFrame, watermark: date) -> list[Observation]:
    """A daily table has every day from the first fact of a key to the watermark, and none after it."""
    keys = [column.name for column in table.grain if column.name != "date"]
    if not table.every_day or not table.segmented or len(keys) == len(table.grain) or not frame.height:
        return []
    spans = (
        frame.lazy()
        .filter(pl.col("segment") == SEGMENT_ALL)
        .group_by(keys)
        .agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"), pl.len().alias("days"))
        .collect()
    )
    missing = (pl.col("last") - pl.col("first")).dt.total_days() + 1 - pl.col("days")
    broken = (missing != 0) | (pl.col("last") != watermark)
    return [_rows(f"every day up to {watermark}", table.name, spans, broken, (*keys, "first", "last", "days"))]


def _rows(
    text: str, table: str, frame: pl.DataFrame, broken: pl.Expr, key: tuple[str, ...], column: str | None = None
) -> Observation:
    bad = frame.filter(broken.fill_null(False))
    return Observation(
        check=f"identity: {text}",
        table=table,
        observed=bad.height,
        low=0,
        high=0,
        severity="critical",
        message="An identity of the definitions is broken: a defect of the code or a damaged file, not of a delivery.",
        column=column,
        where=locate(bad, pl.lit(True), key) if bad.height else "",
    )


def named_in(text: str) -> set[str]:
    """The columns an identity speaks of."""
    return set(re.findall(r"[a-z_]+", text))


def told_of(table: Table) -> set[str]:
    """The columns of a table that are compared beyond one of its files: of those judged before, these are enough."""
    sides = [side for tie in _EVERY_TIE for side in (tie.left, tie.right) if side.table == table.name]
    return {column.name for column in table.keys}.union(*(side.needs for side in sides))


def rows_told_of(table: Table) -> pl.Expr:
    """The rows of a table that are compared beyond one of its files."""
    sides = [side.only for tie in _EVERY_TIE for side in (tie.left, tie.right) if side.table == table.name]
    return pl.any_horizontal(*sides, pl.col("segment") == SEGMENT_ALL) if table.segmented else pl.lit(True)


def _has(frames: Frames, side: Side) -> bool:
    return side.table in frames and side.needs <= set(frames[side.table].columns)
