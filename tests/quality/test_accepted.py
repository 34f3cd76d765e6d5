"""Accepted exceptions: what they ease, what they cannot, and when they end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.cli import main
from quality import accepted
from quality.accepted import Acceptance
from quality.report import render
from quality.verdict import Result, Verdict
from warehouse.errors import UsageError

REASON = 'The till in "Lyon" was down.\nAll of November.'
SHARE = "share in quarantine"
UNTIL = date(2026, 11, 30)


def result(severity: str = "critical", table: str = "orders", check: str = SHARE, observed: str = "0.5") -> Result:
    return Result(check, table, None, severity, False, observed, "at most 0.25", "Have it mended.")  # type: ignore[arg-type]


def test_what_is_written_down_is_read_again_in_order(tmp_path: Path) -> None:
    both = (Acceptance(SHARE, REASON, UNTIL, "orders"), Acceptance("missing country", "Known.", UNTIL, None, "country"))
    for one in both:
        accepted.add(tmp_path, one)
    assert accepted.read(tmp_path) == both


def test_a_blocking_finding_becomes_a_warning_that_says_why_and_until_when() -> None:
    results = accepted.apply([result()], [Acceptance(SHARE, "The till was down.", UNTIL)], UNTIL)
    verdict = Verdict.of("digest", results, "now")
    assert verdict.passed
    (warned,) = (one for one in verdict.failed if one.severity == "warning")
    assert warned.message == "Accepted until 2026-11-30: The till was down. What was found: Have it mended."
    text = render(verdict)
    assert "accepted exception" in text
    assert "in force until 2026-11-30" in text


def test_it_is_shown_also_where_there_is_nothing_to_accept() -> None:
    verdict = Verdict.of("digest", accepted.apply([], [Acceptance(SHARE, "The till was down.", UNTIL)], UNTIL), "now")
    assert "The till was down." in render(verdict)


def test_after_its_day_the_finding_blocks_again_and_the_end_is_shown() -> None:
    acceptance = Acceptance(SHARE, "The till was down.", UNTIL)
    verdict = Verdict.of("digest", accepted.apply([result()], [acceptance], date(2026, 12, 1)), "now")
    assert not verdict.passed
    assert "ended on 2026-11-30" in render(verdict)


@pytest.mark.parametrize(
    "other",
    [
        result(table="events"),
        result(check="the day is delivered"),
        result(observed="not judged"),
    ],
)
def test_nothing_else_is_eased(other: Result) -> None:
    assert accepted.apply([other], [Acceptance(SHARE, "Known.", UNTIL, "orders")], UNTIL)[0] == other


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[[accepted]]\ncheck = "share in quarantin"\n', "until must be a day"),
        ('[[accepted]]\ncheck = "unique"\nreason = "x"\nuntil = 2026-11-30\n', "'unique' is no check that can be"),
        ('[[accepted]]\ncheck = "share in quarantine"\nuntil = 2026-11-30\n', "reason is missing"),
        ('[[accepted]]\ncheck = "share in quarantine"\nreason = "x"\nuntil = "2026-11-30"\n', "without quotes"),
        ('[[accepted]]\nchek = "share in quarantine"\n', "Did you mean check"),
        ("[accepted]\nx = 1\n", r"\[\[accepted\]\]"),
        ("[[accepted\n", "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / accepted.FILE_NAME).write_text(content)
    with pytest.raises(UsageError, match=said):
        accepted.read(tmp_path)


def accept(folder: Path, *words: str) -> int:
    return main(["accept", *words, "--config", str(folder / "holdfast.toml")])


def test_the_command_writes_and_refuses_what_makes_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", str(tmp_path)])
    good = ("--reason", "The till was down.", "--until", "2099-12-31")
    assert accept(tmp_path, SHARE, *good, "--table", "orders") == 0
    assert [one.table for one in accepted.read(tmp_path)] == ["orders"]
    for words, said in (
        (("share in quarantin", *good), "Did you mean share in quarantine?"),
        (("identity: a = b", *good), "no check that can be accepted"),
        ((SHARE, *good, "--table", "order"), "Did you mean orders?"),
        ((SHARE, "--reason", "x", "--until", "2020-01-01"), "is over"),
    ):
        capsys.readouterr()
        assert accept(tmp_path, *words) == 2
        assert said in capsys.readouterr().err
    assert len(accepted.read(tmp_path)) == 1
