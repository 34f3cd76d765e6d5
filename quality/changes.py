"""What a candidate changes in days that were published before.

Here belongs only the comparison of a metric table with itself in the last release: lost rows, days restated although
nothing touched them, and restatements of settled days beyond a bound. New days are not changes, nor is what becomes of
rows that were not complete.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from quality.rules import locate
from quality.verdict import Observation, Severity
from warehouse.bounds import Bounds
from warehouse.manifest import Manifest
from warehouse.store import Store
from warehouse.table import SEGMENT_ALL, Table

# Below this a cell is too small for a share of it to mean something.
LEAST_CELL = 100


def observe(
    table: Table, frame: pl.DataFrame, candidate: Manifest, head: Manifest, store: Store, bounds: Bounds
) -> list[Observation]:
    """A table of the candidate against itself in the release it builds on; only months that changed are read."""
    before = head.published(table.name)
    if not before:
        return []
    found = [] if _is_snapshot(table) else [_rows_lost(table, sum(file.rows for file in before), frame.height)]
    if "date" not in frame.columns or not table.segmented or not _same_rules(candidate, head):
        return found
    kept = {file.path for file in candidate.published(table.name)}
    restated = [file for file in before if file.path not in kept]
    if not restated:
        return found
    told = store.scan(restated).filter("is_complete" if "is_complete" in frame.columns else pl.lit(True))
    cells = _cells(table, told.collect(), frame)
    settled = _settled(table, cells, date.fromisoformat(head.watermark), bounds)
    return [*found, *_untouched(table, cells, candidate), *settled]


def _is_snapshot(table: Table) -> bool:
    """Whether it says what holds on the last day alone, so that rows come and go."""
    return any(column.name == "as_of" for column in table.all_columns)


def _same_rules(candidate: Manifest, head: Manifest) -> bool:
    """With other code or configuration every number may change, and is meant to."""
    return (candidate.code_version, candidate.config_version) == (head.code_version, head.config_version)


def _rows_lost(table: Table, before: int, after: int) -> Observation:
    message = (
        f"{table.name} had {before:,} rows in the last release and has {after:,} now. History does not shrink unless a "
        "source lost rows or a definition changed: see `holdfast diff`."
    )
    return Observation("rows do not get fewer", table.name, after, before, None, "warning", message)


def _cells(table: Table, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row per key of segment `all` and measure that the old months have: date, key, measure, old, new."""
    key = [column.name for column in table.keys]
    measures = [one.name for one in table.measures]

    def long(frame: pl.DataFrame, name: str) -> pl.DataFrame:
        whole = frame.filter(pl.col("segment") == SEGMENT_ALL).select(*key, pl.col(measures).cast(pl.Float64))
        return whole.unpivot(on=measures, index=key, variable_name="measure", value_name=name)

    both = long(before, "old").join(long(after, "new"), on=[*key, "measure"], how="left")
    return both.with_columns(pl.col("old", "new").fill_null(0.0))


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
    settled = cells.filter(
        pl.col("date") <= watermark - timedelta(days=bounds.settled_days), pl.col("old").abs() >= LEAST_CELL
    )
    if not settled.height:
        return []
    share = (pl.col("new") - pl.col("old")).abs() / pl.col("old").abs()
    worst = settled.with_columns(share=share).sort("share", *_named(table), descending=True).row(0, named=True)
    message = (
        f"{worst['measure']} of {worst['date']} goes from {worst['old']:,.0f} to {worst['new']:,.0f}, days after "
        "it was published. Expected after late or corrected deliveries; else see `holdfast diff`."
    )
    where = " ".join(f"{name}={worst[name]}" for name in _named(table))
    levels: list[tuple[Severity, float | None]] = [
        ("warning", bounds.restated_warns),
        ("critical", bounds.restated_blocks),
    ]
    check = "settled days are not restated much"
    return [
        Observation(check, table.name, worst["share"], None, bound, severity, message, where=where)
        for severity, bound in levels
        if bound is not None
    ]


def _named(table: Table) -> tuple[str, ...]:
    return (*(column.name for column in table.grain), "measure")
