"""Every work of the bench on a small business: each baseline that is at hand gives the product's own table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.bench.kernels import __main__ as bench
from tests.bench.kernels import baselines, business, product
from tests.bench.kernels.works import ENGINES, WORKS, Work, named


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("business")
    business.make(home, events=3_000, seed=3, shards=2)
    return home


# By segment the tables of windows have half a million rows; one of the three stands for them.
COMPARED = [work for work in WORKS if not work.like or work.table == "mrr_daily"]


@pytest.mark.parametrize("work", COMPARED, ids=lambda work: work.name)
def test_baselines_give_our_table(work: Work, home: Path, tmp_path: Path) -> None:
    ours = product.answer(work, product.parts(work, home, tmp_path))
    assert ours.height > 100
    for engine in ENGINES:
        if work.query(engine).exists() and importlib.util.find_spec(engine):
            bench.check_equal(work, engine, ours, baselines.answer(engine, work, home))


def test_another_number_is_told(home: Path, tmp_path: Path) -> None:
    work = named("mrr")
    ours = product.answer(work, product.parts(work, home, tmp_path))
    theirs = ours.with_columns(customers_new=ours["customers_new"] + (ours["date"] == business.LAST_DAY).cast(int))
    with pytest.raises(ValueError, match="customers_new expected"):
        bench.check_equal(work, "duckdb", ours, theirs)


def test_sizes_are_read() -> None:
    assert [bench.number_of(size) for size in ("5M", "500k", "1.5M", "3000")] == [5_000_000, 500_000, 1_500_000, 3000]
