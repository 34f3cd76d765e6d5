"""docs/correctness.md is current, every rule has a test, and whatever names a rule names one that exists."""

from __future__ import annotations

import ast

import pytest

from tests import correctness

RULES = correctness.rules()
KNOWN = {rule.id for rule in RULES}


def test_the_page_is_current() -> None:
    assert correctness.PAGE.read_text() == correctness.page(), "write it anew: python -m tests.correctness"


def test_no_rule_is_without_a_test() -> None:
    held = {name for names in correctness.golden().values() for name in names}
    held |= {name for law in correctness.properties() for name in law.holds}
    assert [rule.id for rule in RULES if rule.id not in held and not rule.tests] == []


def test_what_names_a_rule_names_one_that_exists() -> None:
    unknown = {
        path: set(names) - KNOWN for path, names in correctness.golden().items() if set(names) - KNOWN or not names
    }
    unknown |= {
        law.function: wrong
        for law in correctness.properties()
        if (wrong := {name for name in law.holds if correctness.RULE_ID.fullmatch(name)} - KNOWN)
    }
    assert unknown == {}
    assert len(KNOWN) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_a_rule_names_is_there(rule: correctness.Rule) -> None:
    for name in rule.oracle:
        assert correctness.oracle_path(name).exists(), name
    for test in rule.tests:
        path, _, function = test.partition("::")
        module = ast.parse((correctness.ROOT / path).read_text())
        assert function in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}, test
