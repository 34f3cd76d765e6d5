"""Bad input from the command line: one clear message, the right code, nothing published."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipelines.cli import main
from warehouse import durable
from warehouse.releases import Releases

Capture = pytest.CaptureFixture[str]
ROWS = "order_id,customer_id,ordered_at,amount\nA1,C1,2026-09-01T10:00:00Z,10.50\nA2,C2,2026-09-02T10:00:00Z,20\n"
CONFIG = """
[sources.orders]
path = "inbox/*"
currency = "USD"
"""


def _shop(folder: Path, content: bytes = ROWS.encode(), name: str = "a.csv", settings: str = CONFIG) -> Path:
    (folder / "inbox").mkdir()
    (folder / "inbox" / name).write_bytes(content)
    file = folder / "holdfast.toml"
    file.write_text(settings)
    return file


def _refused(file: Path, code: int, capsys: Capture) -> str:
    assert main(["run", "--config", str(file)]) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert Releases(file.parent / "warehouse").numbers() == []
    return said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (CONFIG.replace("currency", "curency"), ["sources.orders.curency", "Did you mean currency?"]),
        (CONFIG + '[warehouse]\ntime_zone = "Mars/Base"\n', ["warehouse.time_zone", "Mars/Base"]),
        ("[sources", ["not valid TOML"]),
        ("", ["No source is configured"]),
    ],
)
def test_a_wrong_configuration_names_its_key(tmp_path: Path, settings: str, words: list[str], capsys: Capture) -> None:
    said = _refused(_shop(tmp_path, settings=settings), 2, capsys)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("name", "content", "settings", "code", "words"),
    [
        ("a.csv", ROWS.replace("amount", "total").encode(), CONFIG, 1, ["inbox/a.csv", "amount", "total"]),
        ("a.csv", ROWS.encode("utf-16"), CONFIG, 1, ["inbox/a.csv", "UTF-8"]),
        ("a.parquet", ROWS.encode(), CONFIG, 1, ["inbox/a.parquet", "arquet"]),
        ("a.xlsx", ROWS.encode(), CONFIG, 2, ["a.xlsx", "endings"]),
        ("a.csv", ROWS.encode(), CONFIG + 'where = "amount >"\n', 2, ["sources.orders.where", "amount >"]),
    ],
    ids=["missing column", "not UTF-8", "not Parquet", "unknown ending", "SQL"],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, settings: str, code: int, words: list[str], capsys: Capture
) -> None:
    said = _refused(_shop(tmp_path, content, name, settings), code, capsys)
    assert all(word in said for word in words), said


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    file = _shop(tmp_path)
    write = os.write

    def full(descriptor: int, content: bytes) -> int:
        if len(content) > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(durable.os, "write", full)
    said = _refused(file, 1, capsys)
    assert "the disk is full" in said
    assert "free space and run again" in said
    assert not list((tmp_path / "warehouse").rglob("*.tmp"))
    monkeypatch.undo()
    assert main(["run", "--config", str(file)]) == 0
