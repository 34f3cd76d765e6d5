from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from warehouse import config
from warehouse.errors import UsageError

ORDERS = '[sources.orders]\npath = "inbox/*.csv"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "holdfast.toml"
    path.write_text(text)
    return path


def test_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path, ORDERS))
    assert loaded.home == tmp_path.resolve() / "warehouse"
    assert (loaded.time_zone, loaded.shards, loaded.industry, loaded.gross_margin) == ("UTC", 8, "saas", Decimal("0.8"))
    assert (loaded.orders_window_days, loaded.usage_window_days, loaded.grace_days) == (90, 28, 30)
    assert (loaded.settle_days, loaded.max_late_days, loaded.reporting_currency) == (0, None, None)
    assert loaded.sources["orders"] == config.SourceConfig("orders", "inbox/*.csv")


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("[warehouse]\ntimezone = 'UTC'\n" + ORDERS, "warehouse.timezone", "time_zone"),
        ("[sources.order]\npath = 'x'\n", "sources.order", "orders"),
        (ORDERS + "[sources.orders.columns]\norderid = 'x'\n", "sources.orders.columns.orderid", "order_id"),
        (ORDERS + "shape = 'periods'\n", "sources.orders.shape", "not a known key"),
        ("[warehouse]\ntime_zone = 'Europe/Londn'\n" + ORDERS, "warehouse.time_zone", "Europe/London"),
        (ORDERS + "time_zone = 'Mars/Base'\n", "sources.orders.time_zone", "no time zone 'Mars/Base'"),
        (ORDERS + "currency = 'usd'\n", "sources.orders.currency", "USD"),
        (ORDERS + "lines = 'yes'\n", "sources.orders.lines", "true or false"),
        ("[warehouse]\nshards = 0\n" + ORDERS, "warehouse.shards", "from 1"),
        ("[warehouse]\ngross_margin = 80\n" + ORDERS, "warehouse.gross_margin", "from 0 to 1"),
        ("[warehouse]\nindustry = 'sas'\n" + ORDERS, "warehouse.industry", "saas"),
        ("[days]\nmax_late_days = 0\n" + ORDERS, "days.max_late_days", "from 1"),
        ("[sources.orders]\n", "sources.orders.path", "missing"),
        (
            "[sources.subscriptions]\npath = 'x'\nends_inclusive = true\n",
            "sources.subscriptions.ends_inclusive",
            "periods",
        ),
        ("[warehouse]\n", "source", "[sources.NAME]"),
        ("[warehouse\n", "holdfast.toml", "TOML"),
    ],
)
def test_a_mistake_is_named_by_its_key_with_what_is_meant(tmp_path: Path, text: str, key: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        config.load(written(tmp_path, text))
    assert key in str(raised.value)
    assert hint in str(raised.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holdfast init"):
        config.load(tmp_path / "holdfast.toml")


def test_a_root_holding_program_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "__init__.py").touch()
    with pytest.raises(UsageError, match=r"warehouse\.root"):
        config.load(written(tmp_path, ORDERS))


def test_the_version_follows_what_changes_numbers_and_nothing_else(tmp_path: Path) -> None:
    def version(text: str) -> str:
        return config.load(written(tmp_path, text)).version

    plain = version(ORDERS)
    assert version(ORDERS.replace("inbox", "elsewhere")) == plain
    assert version("[warehouse]\nindustry = 'consumer'\n" + ORDERS) != plain
    assert version("[roles]\nlogin = 'login'\n" + ORDERS) != plain
    assert version("[activity]\ngrace_days = 10\n" + ORDERS) != plain
    assert version(ORDERS + "where = 'amount > 0'\n") != plain
