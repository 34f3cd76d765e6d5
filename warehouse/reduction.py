"""From additive measures to the published table: add up, every day of every key, ratios, order.

The same for every table, from its declaration alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from warehouse.catalog import Entry
from warehouse.names import MONTH, WHOLE
from warehouse.ordering import in_order
from warehouse.settings import Settings
from warehouse.table import DATE, MONEY, MONEY_SCALE, SEGMENT_ALL, Table


def published(
    entry: Entry,
    rows: pl.LazyFrame,
    settings: Settings,
    references: Mapping[str, pl.LazyFrame] | None = None,
) -> pl.DataFrame:
    """The table's rows as they are published: the declared columns, sorted by the grain, `all` first.

    `rows` are what `measure` returned for all shards together; `references` the sources and states by name, for those
    tables whose `finish` takes them.
    """
    table = entry.table
    told = {name: (references or {})[name] for name in entry.references}
    whole = pl.LazyFrame() if entry.is_combined else added_up(table, rows)
    if table.every_day:
        whole = _every_day(table, whole, settings)
    if entry.finish is not None:
        whole = entry.finish(*([] if entry.is_combined else [whole]), **told, settings=settings)
    columns = [pl.col(column.name).cast(column.dtype) for column in table.all_columns]
    made = (
        whole.with_columns(*(column.expression().alias(column.name) for column in table.derived if column.expression))
        .with_columns(_as_money(table, whole.collect_schema().names()))
        .with_columns(*(ratio.compute() for ratio in table.ratios))
        .select(columns)
    )
    return in_order(made.collect(), _key_names(table), {"segment": SEGMENT_ALL} if table.segmented else None)


def as_measured(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Published rows with their amounts as the measures are: the integer of a decimal of four digits."""
    present = set(rows.collect_schema().names())
    money = [measure.name for measure in table.measures if measure.dtype == MONEY and measure.name in present]
    return rows.with_columns(pl.col(money).to_physical().cast(pl.Int64))


def months(table: Table, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The published rows by partition: `month=YYYY-MM` of the day they are filed by, or `whole`."""
    if table.partitioning == WHOLE:
        return {WHOLE: rows} if rows.height else {}
    month = table.filed_by().dt.strftime("%Y-%m").alias("_month")
    split = rows.with_columns(month).partition_by("_month", maintain_order=True, as_dict=True, include_key=False)
    return {f"{MONTH}{key[0]}": part for key, part in split.items()}


def added_up(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The sums of the measures of each key; rows of a table without measures stay as they are."""
    if not table.measures:
        return rows
    keys = [name for name in rows.collect_schema().names() if name in _key_names(table)]
    return rows.group_by(keys).agg(pl.exclude(keys).sum())


def _every_day(table: Table, rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """A row for every day of each key from its first to the last day; stocks become running sums."""
    keys = [name for name in _key_names(table) if name != DATE]
    stocks = [measure.name for measure in table.measures if measure.kind == "stock"]
    days = (
        rows.group_by(keys)
        .agg(pl.col(DATE).min())
        .with_columns(pl.date_ranges(DATE, pl.lit(settings.last_day)).alias(DATE))
        .explode(DATE, empty_as_null=False)
    )
    return (
        days.join(rows, on=[*keys, DATE], how="left")
        .with_columns(pl.exclude(*keys, DATE).fill_null(0))
        .sort(*keys, DATE)
        .with_columns(pl.col(stocks).cum_sum().over(keys))
    )


def _key_names(table: Table) -> list[str]:
    return [column.name for column in table.keys]


def _as_money(table: Table, present: Sequence[str]) -> list[pl.Expr]:
    """Ten-thousandths as decimals, and with them whatever ratios divide by."""
    money = {measure.name for measure in table.measures if measure.dtype == MONEY}
    hidden = {name for ratio in table.ratios for name in (ratio.numerator, ratio.denominator) if name in present}
    hidden -= {column.name for column in table.columns}
    return [(pl.col(name).cast(MONEY) / 10**MONEY_SCALE).alias(name) for name in sorted(money | hidden)]
