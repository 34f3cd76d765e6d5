"""What a candidate changes in days that were published before.

Here belongs only the comparison of a metric table with itself in the last release: lost rows, days restated although
nothing touched them, and restatements of settled days beyond a bound. New days are not changes, nor is what becomes of
rows that were not complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from quality.rules import locate
from quality.verdict import Observation, Severity
from warehouse.bounds import Bounds
from warehouse.manifest import DataFile, Manifest
from warehouse.store import Store
from warehouse.table import MONEY, SEGMENT_ALL, Table

# Made of fewer customers, orders or users than this, a cell is too small for a share of it to mean something: of three
# orders a day one refund takes a third.
LEAST_CELL = 100
KEY_OF_DAY = {"date", "currency", "is_converted"}
CAUSE = "Expected after late or corrected deliveries; else see `holdfast diff`."


def observe(
    table: Table, fresh: pl.DataFrame, candidate: Manifest, head: Manifest, store: Store, bounds: Bounds
) -> list[Observation]:
    """A table of the candidate against itself in the release it builds on; only months that changed are read. `fresh`
    are the rows of those of its files that the release does not have, or of all."""
    before, after = head.published(table.name), candidate.published(table.name)
    if not before:
        return []
    found = [] if table.of_last_day else [_rows_lost(table, _rows(before), _rows(after))]
    if "date" not in fresh.columns or not table.segmented or not _same_rules(candidate, head):
        return found
    kept = {file.path for file in after}
    restated = [file for file in before if file.path not in kept]
    if not restated:
        return found
    told = store.scan(restated).filter("is_complete" if "is_complete" in fresh.columns else pl.lit(True))
    cells = _cells(table, told, fresh.lazy())
    settled = _settled(table, cells, date.fromisoformat(head.watermark), bounds)
    return [*found, *_untouched(table, cells, candidate), *settled]


def _rows(files: Iterable[DataFile]) -> int:
    return sum(file.rows for file in files)


def _same_rules(candidate: Manifest, head: Manifest) -> bool:
    """With other code or configuration every number may change, and is meant to."""
    return (candidate.code_version, candidate.config_version) == (head.code_version, head.config_version)


def _rows_lost(table: Table, before: int, after: int) -> Observation:
    message = (
        f"{table.name} had {before:,} rows in the last release and has {after:,} now. History does not shrink unless a "
        "source lost rows or a definition changed: see `holdfast diff`."
    )
    return Observation("rows do not get fewer", table.name, after, before, None, "warning", message)


def _cells(table: Table, before: pl.LazyFrame, after: pl.LazyFrame) -> pl.DataFrame:
    """One row per key of segment `all` and measure that the old months have: date, key, measure, old, new, and

    - `facts`, the largest count of the old row, and `flow`, the largest of what belongs to its day alone,
    - `weight`, what a change is a share of: the old count, but the largest amount of the old row for amounts, as a few
      facts make a small one.
    """
    key = [column.name for column in table.keys]
    measures = [one.name for one in table.measures]
    is_money = {one.name: one.dtype == MONEY for one in table.measures}
    counts = [one.name for one in table.measures if not is_money[one.name]]
    flows = [one.name for one in table.measures if not is_money[one.name] and one.kind == "flow"]
    amounts = [one.name for one in table.measures if is_money[one.name]]

    def largest(names: list[str]) -> pl.Expr:
        return pl.max_horizontal(pl.col(one).cast(pl.Float64).abs() for one in names) if names else pl.lit(0.0)

    def long(rows: pl.LazyFrame, name: str, *more: pl.Expr) -> pl.DataFrame:
        whole = rows.filter(pl.col("segment") == SEGMENT_ALL)
        wide = whole.select(*key, *more, pl.col(measures).cast(pl.Float64)).collect()
        index = [one for one in wide.columns if one not in measures]
        return wide.unpivot(on=measures, index=index, variable_name="measure", value_name=name)

    sizes = [largest(counts).alias("facts"), largest(flows).alias("flow"), largest(amounts).alias("amount")]
    old = long(before, "old", *sizes)
    both = old.join(long(after, "new"), on=[*key, "measure"], how="left")
    of_money = pl.col("measure").replace_strict(is_money, return_dtype=pl.Boolean)
    return both.with_columns(pl.col("old", "new").fill_null(0.0)).with_columns(
        facts=pl.when(of_money).then("facts").otherwise(pl.col("old").abs()),
        weight=pl.when(of_money).then("amount").otherwise(pl.col("old").abs()),
        change=(pl.col("new") - pl.col("old")).abs(),
    )


def _untouched(table: Table, cells: pl.DataFrame, candidate: Manifest) -> list[Observation]:
    if candidate.first_day is None:
        return []
    odd = cells.filter(pl.col("date") < date.fromisoformat(candidate.first_day), pl.col("old") != pl.col("new"))
    message = (
        f"Rows before {candidate.first_day} changed, although this run computed from that day on: a defect of the code."
    )
    where = locate(odd, pl.lit(True), _named(table)) if odd.height else ""
    return [Observation("untouched days stay", table.name, odd.height, 0, 0, "critical", message, where=where)]


def _settled(table: Table, cells: pl.DataFrame, watermark: date, bounds: Bounds) -> list[Observation]:
    """The worst day, and where days add up, the worst month: it has many facts where its days have few."""
    settled = cells.filter(pl.col("date") <= watermark - timedelta(days=bounds.settled_days))
    found = _worst("settled days are not restated much", table, settled, bounds.restated_warns, bounds)
    if {column.name for column in table.grain} <= KEY_OF_DAY:
        found += _worst(
            "settled months are not restated much", table, _months(table, settled), bounds.restated_months_warn, bounds
        )
    return found


def _months(table: Table, settled: pl.DataFrame) -> pl.DataFrame:
    """The days of each month together, of what belongs to its day alone."""
    flows = [one.name for one in table.measures if one.kind == "flow"]
    key = ["date", *(name for name in _named(table) if name != "date")]
    counts = [one.name for one in table.measures if one.dtype != MONEY]
    months = settled.filter(pl.col("measure").is_in(flows)).with_columns(date=pl.col("date").dt.truncate("1mo"))
    facts = pl.when(pl.col("measure").is_in(counts)).then("weight").otherwise("flow")
    return months.group_by(key).agg(pl.col("old", "new", "change", "weight").sum(), facts=facts.sum())


def _worst(check: str, table: Table, cells: pl.DataFrame, warns: float, bounds: Bounds) -> list[Observation]:
    large = cells.filter(pl.col("facts") >= LEAST_CELL, pl.col("weight") > 0)
    if not large.height:
        return []
    ranked = large.with_columns(share=pl.col("change") / pl.col("weight"))
    worst = ranked.sort("share", *_named(table), descending=True).row(0, named=True)
    message = (
        f"{worst['measure']} of {worst['date']} goes from {worst['old']:,.0f} to {worst['new']:,.0f}, days after "
        f"it was published. {CAUSE}"
    )
    where = " ".join(f"{name}={worst[name]}" for name in _named(table))
    levels: list[tuple[Severity, float | None]] = [("warning", warns), ("critical", bounds.restated_blocks)]
    return [
        Observation(check, table.name, worst["share"], None, bound, severity, message, where=where)
        for severity, bound in levels
        if bound is not None
    ]


def _named(table: Table) -> tuple[str, ...]:
    return (*(column.name for column in table.grain), "measure")
