"""A mutant is what its name says, and the check tells one that changes a number from one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.states import activity_spans
from tests.golden import cases
from tests.mutation import ledger, page
from tests.mutation.businesses import Business, computed, taken_in
from tests.mutation.judge import closure, killer, modules
from tests.mutation.ledger import Judged
from tests.mutation.mutants import Mutant, mutants, unchanged
from tests.oracle import worlds

TEXT = '''"""Words."""
import polars as pl
table = Table(name="t", columns=(Column("a", pl.Int64, "Words.", minimum=0),))
def build(rows: pl.LazyFrame, days: int = 3) -> pl.LazyFrame:
    """Words."""
    return rows.filter(pl.col("day") < days).sort("day", "id")
'''


def test_every_wrong_turn_of_the_code_and_of_nothing_else() -> None:
    found = {mutant.name for mutant in mutants("assets.t", TEXT)}
    assert found == {
        "build: 3 -> 4",
        "build: 3 -> 2",
        "build: .filter(pl.col('day') < days) -> nothing",
        "build: pl.col('day') < days -> pl.col('day') <= days",
        "build: pl.col('day') < days -> pl.col('day') >= days",
        "build: .sort('day', 'id') -> nothing",
        "build: .sort('day', 'id') -> .sort() without 'day'",
        "build: .sort('day', 'id') -> .sort() without 'id'",
    }


def test_wrong_turns_in_arrays() -> None:
    text = """def add(sums, found):
    sums += np.maximum(found, np.searchsorted(sums, found, "right"))
"""
    by_name = {mutant.name: mutant.text for mutant in mutants("assets.t", text)}
    assert set(by_name) == {
        "add: sums += np.maximum(found, np.searchsorted(sums, found, 'right')) -> "
        "sums -= np.maximum(found, np.searchsorted(sums, found, 'right'))",
        "add: np.maximum -> np.minimum",
        "add: 'right' -> 'left'",
    }
    assert all(compile(changed, "t", "exec") for changed in by_name.values())


def test_every_module_can_be_mutated_and_a_mutant_has_a_name_of_its_own() -> None:
    for module, path in modules().items():
        names = [mutant.name for mutant in mutants(module, path.read_text())]
        assert len(names) == len(set(names)), module


@pytest.fixture(scope="module")
def businesses() -> list[Business]:
    case = cases.read(cases.FOLDER / "customer_retention_daily" / "touching_orders.yaml")
    return [
        computed(taken_in(case.name, case.world, case.expected)),
        computed(taken_in("world 4", worlds.world(4))),
    ]


def test_a_mutant_is_killed_and_an_equivalent_one_survives(businesses: list[Business]) -> None:
    build = activity_spans.build
    assert killer(_spans("pl.col('day').max() + window -> pl.col('day').max() - window"), businesses) is not None
    assert (
        killer(unchanged(activity_spans.__name__, modules()[activity_spans.__name__].read_text()), businesses) is None
    )
    numbered_from_zero = _spans("covered_spans: True -> False")
    assert killer(numbered_from_zero, businesses) is None
    assert activity_spans.build is build


def _spans(name: str) -> Mutant:
    module = activity_spans.__name__
    [found] = [one for one in mutants(module, modules()[module].read_text()) if name in one.name]
    return found


def test_the_tests_of_a_module_alone_are_run_on_the_mutant() -> None:
    module = "assets.money"
    original = modules()[module].read_text()
    [mutant] = [one for one in mutants(module, original) if one.name.startswith("divide_half_even: quotient % 2 != 0")]
    assert killer(unchanged(module, original), []) is None
    assert killer(mutant, []) == "tests/metrics/test_conversion.py", "which works with money, and comes first"


def test_what_depends_on_a_module_is_found_through_imports() -> None:
    assert "assets.calendar" in closure("assets.metrics.orders_daily")
    assert closure("warehouse.table") == frozenset()
    retention, mrr = "assets.retention", "assets.states.subscription_mrr"
    assert mrr in closure(retention)
    assert mrr not in closure(retention, with_constants=False), "a list of words is all that it takes"
    assert "assets.states.first_facts" in closure("assets.states.people", with_constants=False), "a function as well"


def test_reasons_are_given_for_modules_that_exist() -> None:
    assert set(page.reasons()) <= set(modules())


def test_a_result_holds_for_the_text_that_was_judged_alone(tmp_path: Path) -> None:
    results, [module, other, *_] = tmp_path / "results.json", modules()
    text = modules()[module].read_text()
    ledger.enter(module, Judged(ledger.digest(text), 3, 25, ("survivor",)), results)
    ledger.enter(other, Judged(ledger.digest("of another text"), 1, 25, ()), results)
    judged = ledger.read(results)
    assert judged[module].survivors == ("survivor",)
    never, changed = ledger.others(judged, modules())
    assert changed == [other]
    assert sorted([*never, module, other]) == sorted(modules())
    assert not ledger.is_of(judged[module], text + "\n")


def test_every_reason_is_of_a_mutant_that_there_is() -> None:
    for module in page.reasons():
        there = {mutant.name for mutant in mutants(module, modules()[module].read_text())}
        assert page.explained(module) <= there, module
