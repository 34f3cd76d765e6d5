"""What the gate stops, from the command line: nothing is published, what and where is said, and mending is enough."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import main
from quality import gate
from quality.verdict import Verdict
from warehouse import config
from warehouse.candidate import Candidate
from warehouse.releases import Releases

Capture = pytest.CaptureFixture[str]
FIRST, DAYS, ORDERS, CUSTOMERS = date(2026, 8, 3), 35, 600, 900
CONFIG = """
[warehouse]
shards = 2

[sources.orders]
path = "inbox/*.csv"
currency = "USD"
"""


def _orders(day: int) -> pl.DataFrame:
    """A day of a shop, the same whenever it is asked for."""
    number = pl.int_range(day * ORDERS, (day + 1) * ORDERS, eager=True)
    return pl.DataFrame(
        {
            "order_id": "O" + number.cast(pl.String),
            "customer_id": "C" + (number * 7919 % CUSTOMERS).cast(pl.String),
            "ordered_at": [f"{FIRST + timedelta(days=day)}T12:00:00Z"] * ORDERS,
            "amount": (number % 90 + 10).cast(pl.String) + ".50",
        }
    )


def _deliver(shop: Path, day: int, rows: pl.DataFrame | None = None) -> Path:
    file = shop / "inbox" / f"{FIRST + timedelta(days=day)}.csv"
    (_orders(day) if rows is None else rows).write_csv(file)
    return file


def _run(shop: Path) -> int:
    return main(["run", "--config", str(shop / "holdfast.toml")])


def _check(shop: Path, capsys: Capture) -> str:
    capsys.readouterr()
    assert main(["check", "--config", str(shop / "holdfast.toml")]) == 0
    return " ".join(capsys.readouterr().out.split())


def _releases(shop: Path) -> Releases:
    return Releases(config.load(shop / "holdfast.toml").home)


def _published(shop: Path) -> dict[str, str]:
    folder = (_releases(shop).home / "current").resolve()
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def five_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose first five weeks are published."""
    shop = tmp_path_factory.mktemp("shop")
    (shop / "inbox").mkdir()
    (shop / "holdfast.toml").write_text(CONFIG)
    for day in range(DAYS):
        _deliver(shop, day)
    assert _run(shop) == 0
    return shop


@pytest.fixture
def shop(five_weeks: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(five_weeks, tmp_path / "shop", symlinks=True))


def _half_without_customer(day: int) -> pl.DataFrame:
    is_odd = pl.int_range(pl.len()) % 2 == 1
    return _orders(day).with_columns(pl.when(is_odd).then("customer_id"))


@pytest.mark.parametrize("bad", [_half_without_customer, lambda day: _orders(day).clear()], ids=["half", "empty"])
def test_a_bad_delivery_is_refused_until_it_is_taken_away(
    shop: Path, tmp_path: Path, bad: Callable[[int], pl.DataFrame], capsys: Capture
) -> None:
    before = _published(shop)
    file = _deliver(shop, DAYS, bad(DAYS))
    for _ in range(2):
        assert _run(shop) == 3
        assert file.name in capsys.readouterr().err
        assert _releases(shop).numbers() == [1]
        assert _published(shop) == before
    capsys.readouterr()
    assert main(["check", "--page", "--config", str(shop / "holdfast.toml")]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page.parent.parent.name == "staging"
    assert "Refused candidate" in page.read_text()
    assert f"orders: {'share in quarantine' if file.stat().st_size > 100 else 'the file is not empty'}" in _check(
        shop, capsys
    )

    never_saw_it = Path(shutil.copytree(shop, tmp_path / "other", symlinks=True))
    shutil.rmtree(never_saw_it / "warehouse" / "staging")
    for one in (shop, never_saw_it):
        (one / "inbox" / file.name).unlink()
        _deliver(one, DAYS + 1)
        assert _run(one) == 0
    assert _releases(shop).numbers() == [1, 2]
    assert _published(shop) == _published(never_saw_it) != before


def test_a_bad_delivery_that_is_corrected_is_taken(shop: Path) -> None:
    _deliver(shop, DAYS, _half_without_customer(DAYS))
    assert _run(shop) == 3
    _deliver(shop, DAYS)
    assert _run(shop) == 0
    assert _releases(shop).numbers() == [1, 2]


def test_an_accepted_finding_is_published_with_a_warning(shop: Path, capsys: Capture) -> None:
    _deliver(shop, DAYS, _half_without_customer(DAYS))
    assert _run(shop) == 3
    words = ["--reason", "The till was down.", "--until", "2099-12-31", "--config", str(shop / "holdfast.toml")]
    for check in ("share in quarantine", "share of a day in quarantine"):
        assert main(["accept", check, *words]) == 0
    assert _run(shop) == 0
    assert _releases(shop).numbers() == [1, 2]
    assert "Accepted until 2099-12-31: The till was down." in _check(shop, capsys)
    assert main(["check", "--page", "--config", str(shop / "holdfast.toml")]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page == _releases(shop).folder(2) / "quality.html"
    assert "The till was down." in page.read_text()


def _damage(candidate: Candidate) -> Path:
    """Another revenue in the newest month of a staged table."""
    file = max((candidate.folder / "orders_daily").rglob("*.parquet"))
    rows = pl.read_parquet(file).with_columns(pl.col("revenue") + 1)
    file.unlink()
    rows.write_parquet(file)
    return file


@pytest.mark.parametrize("when", ["before it is judged", "after it was judged"])
def test_a_table_damaged_in_staging_is_not_published(
    shop: Path, when: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    judge = gate.judge

    def judge_damaged(candidate: Candidate, **rest: object) -> Verdict:
        if when.startswith("before"):
            _damage(candidate)
            return judge(candidate, **rest)  # type: ignore[arg-type]
        verdict = judge(candidate, **rest)  # type: ignore[arg-type]
        _damage(candidate)
        return verdict

    _deliver(shop, DAYS)
    monkeypatch.setattr(gate, "judge", judge_damaged)
    assert _run(shop) == 3
    assert "orders_daily" in capsys.readouterr().err
    assert _releases(shop).numbers() == [1]
    if when.startswith("before"):
        assert "orders_daily" in _check(shop, capsys)
    monkeypatch.undo()
    assert _run(shop) == 0
    assert _releases(shop).numbers() == [1, 2]
