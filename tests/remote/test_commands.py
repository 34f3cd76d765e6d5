"""From the command line: a business whose warehouse is in a bucket, on two machines."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import main
from quality import gate, judging
from quality.verdict import Result, Verdict
from tests.remote import manners
from tests.remote.buckets import KEY, SECRET, Shop
from warehouse import remote
from warehouse.candidate import Candidate

ROOT = Path(__file__).resolve().parents[2]
TOML = """[warehouse]
root = "{url}"
shards = 1
[sources.orders]
path = "inbox/*.csv"
currency = "EUR"
"""
ORDERS = "order_id,customer_id,ordered_at,amount\n{}"
Command = Callable[..., tuple[int, str, str]]


def passing(candidate: Candidate, **_: object) -> Verdict:
    """The gate is not what these tests are about, and slow."""
    result = Result("rows", "orders_daily", None, "critical", True, "1", ">= 1", "There are rows.")
    return Verdict.of(candidate.digest, [result], "2026-06-05T00:00:00+00:00")


@pytest.fixture
def command(shop: Shop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command on a machine; its code, and all it printed."""
    monkeypatch.setattr(gate, "judge", passing)
    monkeypatch.setattr(judging, "start", lambda: None)

    def run(machine: str, *words: object) -> tuple[int, str, str]:
        folder = shop.folder / machine
        file = folder / "holdfast.toml"
        if not file.exists():
            (folder / "inbox").mkdir(parents=True)
            file.write_text(TOML.format(url=shop.url))
        code = main([*map(str, words), "--config", str(file)])
        return code, *capfd.readouterr()

    return run


def deliver(shop: Shop, machine: str, name: str, *orders: str) -> None:
    (shop.folder / machine / "inbox" / name).write_text(ORDERS.format("\n".join(orders)))


def test_two_machines_and_a_reader(shop: Shop, command: Command) -> None:
    assert command("one", "releases")[1] == "Nothing was published yet.\n"
    deliver(shop, "one", "may.csv", "1,anna,2026-05-01,10.00", "2,ben,2026-05-02,20.00", "3,anna,2026-05-03,5.00")
    code, told, _ = command("one", "run")
    assert code == 0
    assert f"Tables: {shop.url}" in told

    command("two", "releases")
    shutil.copy(shop.folder / "one/inbox/may.csv", shop.folder / "two/inbox/may.csv")
    assert command("two", "run")[:2] == (0, "nothing new: no new or changed file, and no further day is complete\n")
    assert shop.keys("releases")[0] == "releases/00000001/_manifest.json"

    code, told, error = command("one", "path")
    assert (code, told) == (2, "")
    assert "holdfast pull DIR" in error
    lines = [line.split("\t") for line in command("one", "path", "--files")[1].splitlines()]
    assert {address for _, address in lines} <= {shop.remote.address(key) for key in shop.keys("data")}
    assert command("one", "pull", shop.folder / "out")[0] == 0
    orders = pl.read_parquet(shop.folder / "out/orders_daily/**/*.parquet", hive_partitioning=False)
    assert orders.filter(segment="all")["revenue"].sum() == 35
    assert {table for table, _ in lines} == {path.name for path in (shop.folder / "out").iterdir() if path.is_dir()}
    assert command("two", "tag", "may")[0] == 0
    assert "may" in command("one", "releases")[1]
    assert command("two", "collect")[0] == 0

    code, told, error = command("two", "doctor", "--deep")
    assert (code, error) == (0, "")
    assert "1 whole of 1" in told
    assert "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION" in told
    secrets = re.compile(f"{KEY}|{SECRET}".encode())
    assert not secrets.search(told.encode())
    written = [path for path in shop.folder.rglob("*") if path.is_file()]
    assert len(written) > 40
    assert [path for path in written if secrets.search(path.read_bytes())] == []
    stored = [*shop.keys("data"), *shop.keys("releases")]
    assert [key for key in stored if secrets.search(shop.remote.read(key))] == []


def test_doctor_finds_a_store_that_ignores_the_condition(
    shop: Shop, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with manners.serve_with(manners.forgetting_conditions) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        remote._store.cache_clear()
        code, told, error = command("one", "doctor")
    assert code == 1
    assert "! s3://" in told
    assert "two publishers could both win there" in told
    assert "problem" in error


def test_a_store_out_of_reach_ends_a_command_with_what_to_do(
    shop: Shop, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:pa55word@127.0.0.1:9")
    monkeypatch.setattr(remote, "RETRIES", 0)
    remote._store.cache_clear()
    code, told, error = command("one", "run", "--debug")
    assert (code, told) == (1, "")
    assert "the store cannot be reached" in error
    assert "`holdfast doctor` looks at the store" in error
    assert "pa55word" not in error


def test_a_warehouse_in_a_folder_never_loads_the_library_of_stores(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(TOML.format(url="."))
    script = (
        "import sys\nfrom pipelines.cli import main\n"
        f"assert main(['releases', '--config', {str(tmp_path / 'holdfast.toml')!r}]) == 0\n"
        f"assert main(['pull', {str(tmp_path / 'out')!r}, '--config', {str(tmp_path / 'holdfast.toml')!r}]) == 2\n"
        "print([name for name in ('obstore',) if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
    texts = {path.name: path.read_text() for path in (ROOT / "warehouse").glob("*.py")}
    importers = {name for name, text in texts.items() if re.search("(import|from) obstore", text)}
    assert importers == {"remote.py", "remote_errors.py"}
