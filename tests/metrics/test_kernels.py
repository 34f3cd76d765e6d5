"""What is counted in arrays is what plain frames count, of all days and of a short range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from assets.kernels.revenue_windows import currencies_of
from assets.kernels.segment_codes import segments_of
from assets.metrics import customer_retention_calendar, customer_retention_daily, mrr_daily, revenue_retention_daily
from assets.segments import spans_of
from tests.bench.kernels import business
from tests.metrics import plain_calendar, plain_forms

SOURCES = frozenset({"orders", "subscriptions"})
EVERY_DAY = replace(business.settings(SOURCES, business.DIMENSIONS), reporting_currency="EUR")
RANGES = {
    "every day": EVERY_DAY,
    "the last 60 days": replace(EVERY_DAY, first_day=EVERY_DAY.last_day - timedelta(days=59)),
    "a day in the middle": replace(
        EVERY_DAY,
        first_day=EVERY_DAY.first_day + timedelta(days=500),
        last_day=EVERY_DAY.first_day + timedelta(days=500),
    ),
}
TABLES = {
    "customer_retention_calendar": (customer_retention_calendar, plain_calendar.customer_retention_calendar),
    "customer_retention_daily": (customer_retention_daily, plain_forms.customer_retention_daily),
    "revenue_retention_daily": (revenue_retention_daily, plain_forms.revenue_retention_daily),
    "mrr_daily": (mrr_daily, plain_forms.mrr_daily),
}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.LazyFrame]:
    """The states of a small business in one shard, where every fourth customer pays in two currencies."""
    home = tmp_path_factory.mktemp("business")
    business.make(home, events=4_000, seed=5, shards=1)
    folders = (home / "data" / "states").iterdir()
    found = {folder.name: pl.read_parquet(folder / "**/*.parquet").lazy() for folder in folders}
    for name in ("mrr_changes", "subscription_mrr", "order_days"):
        both = found[name].with_columns(currency=pl.lit("USD")).filter(pl.col("person") % 4 == 1)
        found[name] = pl.concat([found[name], both])
    return found


@pytest.mark.parametrize("days", RANGES)
@pytest.mark.parametrize("name", TABLES)
def test_arrays_count_what_frames_count(name: str, days: str, states: dict[str, pl.LazyFrame]) -> None:
    module, plain = TABLES[name]
    settings = RANGES[days]
    found, expected = (_rows(compute, states, settings) for compute in (module.measure, plain))
    keys = [column.name for column in module.table.keys if column.name in expected.columns]
    measures = [measure.name for measure in module.table.measures]
    assert expected.height > 100
    assert _begins(found, keys).equals(_begins(expected, keys))
    assert _sums(found, keys, measures).equals(_sums(expected, keys, measures))


@pytest.mark.parametrize("name", TABLES)
def test_a_shard_where_nobody_is_has_no_rows(name: str, states: dict[str, pl.LazyFrame]) -> None:
    nobody = {table: rows.filter(False) for table, rows in states.items()}
    assert _rows(TABLES[name][0].measure, nobody, EVERY_DAY).is_empty()


def test_only_currencies_and_values_that_occur_together_are_numbered(states: dict[str, pl.LazyFrame]) -> None:
    facts = states["subscription_mrr"].with_columns(currency=pl.format("C{}", pl.col("person") % 30))
    segments = segments_of(states["segment_spans"], ["subscription"])
    occurring = (
        facts.select("person", "currency")
        .join(spans_of(states["segment_spans"], ["subscription"]), on="person")
        .select("currency", "segment", "segment_value")
        .unique()
        .sort(pl.all())
        .collect()
    )
    currencies = currencies_of(facts, "subscription", segments)
    named = currencies.named(pl.DataFrame({"key": range(currencies.keys)}))
    assert currencies.keys == occurring.height < 30 * len(segments)
    assert named.select(occurring.columns).sort(pl.all()).equals(occurring)


def _rows(compute: Callable[..., pl.LazyFrame], states: dict[str, pl.LazyFrame], settings: object) -> pl.DataFrame:
    names = compute.__code__.co_varnames[: compute.__code__.co_argcount - 1]
    return compute(*(states[name] for name in names), settings).collect()


def _begins(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The first day or period of each key, from which on it has rows."""
    [dated] = {"date", "period_start"} & {*keys}
    others = [key for key in keys if key != dated]
    return rows.group_by(others).agg(pl.col(dated).min()).sort(others)


def _sums(rows: pl.DataFrame, keys: list[str], measures: list[str]) -> pl.DataFrame:
    """The sums of each key and day that are not all 0."""
    summed = rows.group_by(keys).agg(pl.col(measures).fill_null(0).sum().cast(pl.Int64))
    return summed.filter(pl.any_horizontal(pl.col(measures) != 0)).sort(keys)
