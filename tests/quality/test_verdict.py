"""A verdict keeps its decision through JSON, and is read worst first."""

from __future__ import annotations

import json

import pytest

from quality.report import render
from quality.verdict import Result, Verdict


def result(severity: str, passed: bool, check: str = "rows", where: str = "") -> Result:
    return Result(check, "orders", None, severity, passed, "3", "at least 4", "Deliver it again.", where)  # type: ignore[arg-type]


def test_only_a_critical_failure_blocks() -> None:
    assert Verdict.of("d", [result("warning", False), result("critical", True)], "now").passed
    assert not Verdict.of("d", [result("warning", False), result("critical", False)], "now").passed


def test_without_a_single_check_nothing_passes() -> None:
    assert not Verdict.of("d", [], "now").passed


def test_json_keeps_everything() -> None:
    verdict = Verdict.of("d", [result("critical", False, where="a.csv"), result("info", True)], "now")
    assert Verdict.from_json(json.dumps(verdict.to_json())) == verdict


@pytest.mark.parametrize("damage", [{"passed": "yes"}, {"passed": 1}])
def test_only_true_passes(damage: dict[str, object]) -> None:
    saved = Verdict.of("d", [result("info", True)], "now").to_json() | damage
    assert not Verdict.from_json(saved).passed


def test_the_report_begins_with_what_blocks_and_names_the_place() -> None:
    failed = [result("warning", False, "late"), result("critical", False, "empty", "inbox/a.csv")]
    text = render(Verdict.of("d", [*failed, result("critical", True)], "now"))
    assert text.splitlines()[0] == "The gate refused: 1 of 3 checks blocks and 1 warning. The last release stands."
    assert text.index("orders: empty") < text.index("orders: late")
    assert "where inbox/a.csv" in text
    assert "found 3, should be at least 4" in text
    assert "Deliver it again." in text


def test_the_report_cannot_drive_a_terminal() -> None:
    text = render(Verdict.of("d", [result("critical", False, where="\x1b[31mred\x07.csv")], "now"))
    assert "\x1b" not in text
    assert "red" in text
