"""`holdfast init`: what it writes can be read, and it never overwrites."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.init import STARTER
from warehouse import config


def test_the_written_configuration_loads_and_the_inbox_is_there(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "shop")]) == 0
    loaded = config.load(tmp_path / "shop" / "holdfast.toml")
    assert list(loaded.sources) == ["orders"]
    assert sorted(path.name for path in (tmp_path / "shop" / "inbox").iterdir()) == sorted(config.CANONICAL)


def test_every_key_that_is_commented_out_is_a_known_one(tmp_path: Path) -> None:
    """With every comment taken from a key, the file still loads: nothing in it is invented or out of date."""
    lines = [line.removeprefix("# ") if _is_key(line) else line for line in STARTER.read_text().splitlines()]
    file = tmp_path / "holdfast.toml"
    file.write_text("\n".join(lines))
    assert set(config.load(file).sources) == set(config.CANONICAL)
    assert tomllib.loads(file.read_text())["sources"]["orders"]["columns"]["amount"] == "Quantity * UnitPrice"


def test_an_existing_configuration_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "holdfast.toml").write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    assert (tmp_path / "holdfast.toml").read_text() == "mine"
    assert "already there" in capsys.readouterr().err


def test_data_is_not_put_among_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(Path(config.__file__).parents[1])]) == 2
    assert "must not mix with code" in capsys.readouterr().err


def _is_key(line: str) -> bool:
    return line.startswith(("# [", "# ")) and (" = " in line or line.startswith("# [")) and not line.startswith("# Put")
