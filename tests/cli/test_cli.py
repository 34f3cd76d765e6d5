"""The words of the command line and what they end with, where nothing has to be computed."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pipelines import commands
from pipelines.cli import main
from warehouse.errors import GateRefused, HoldfastError, PublishConflict, SourceError, StorageError, UsageError

Capture = pytest.CaptureFixture[str]
COMMANDS = [
    "init",
    "demo",
    "run",
    "backfill",
    "releases",
    "rollback",
    "path",
    "show",
    "check",
    "accept",
    "quarantine",
    "doctor",
    "ui",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--debug" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["nosuch"], ["run", "--date", "yesterday"], ["backfill"], ["show"], ["path", "--release", "0"]]
)
def test_words_that_make_no_sense_are_usage_errors(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize("command", ["run", "releases", "path", "check", "quarantine", "doctor"])
def test_without_a_configuration_the_way_to_one_is_shown(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 2
    assert "holdfast init" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HoldfastError("told"), 1),
        (SourceError("told"), 1),
        (StorageError("told"), 1),
        (UsageError("told"), 2),
        (GateRefused("told"), 3),
        (PublishConflict("told"), 4),
        (KeyError("told"), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_an_error_is_one_message_and_a_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fail(_: argparse.Namespace) -> None:
        raise error

    monkeypatch.setattr(commands, "check", fail)
    assert main(["check"]) == code
    plain = capsys.readouterr().err
    assert plain.startswith("holdfast: ")
    assert "Traceback" not in plain
    assert main(["check", "--debug"]) == code
    assert "Traceback" in capsys.readouterr().err


def test_before_the_first_run_commands_say_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    main(["init", str(tmp_path)])
    for words in (["check"], ["quarantine"], ["show", "mrr_daily"], ["path"]):
        capsys.readouterr()
        assert main([*words, "--config", str(tmp_path / "holdfast.toml")]) == 2
        assert "`holdfast run` first" in capsys.readouterr().err
    assert main(["run", "--config", str(tmp_path / "holdfast.toml")]) == 1
    assert "No file is in the inbox yet" in capsys.readouterr().err
