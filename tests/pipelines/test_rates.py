"""A missing exchange rate is named before anything is computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines import ingest
from pipelines.rates import check_rates
from pipelines.workspace import Workspace
from warehouse import catalog, config
from warehouse.candidate import propose
from warehouse.draft import Draft
from warehouse.errors import SourceError
from warehouse.releases import Releases
from warehouse.store import Store

ORDERS = "order_id,customer_id,ordered_at,amount,currency\n1,a,2026-01-05,10,EUR\n2,b,2026-01-06,12.50,USD\n"
SETTINGS = """[warehouse]
root = "."
reporting_currency = "USD"
[sources.orders]
path = "inbox/orders/*.csv"
[sources.fx_rates]
path = "inbox/fx_rates/*.csv"
"""


def _taken_in(folder: Path, rates: str) -> Workspace:
    for source, content in (("orders", ORDERS), ("fx_rates", rates)):
        (folder / "inbox" / source).mkdir(parents=True)
        (folder / "inbox" / source / "a.csv").write_text(content)
    (folder / "holdfast.toml").write_text(SETTINGS)
    settings = config.load(folder / "holdfast.toml")
    tables = catalog.load().for_sources(settings.sources)
    draft = Draft.open_or_create(settings.home, "run", None)
    home = settings.home
    workspace = Workspace(settings, tables, Store(home), draft, Releases(home), lambda line: None)
    for source in settings.sources:
        ingest.take_in(workspace, source)
    return workspace


def test_a_currency_without_a_rate_on_its_first_day_is_named(tmp_path: Path) -> None:
    workspace = _taken_in(tmp_path, "date,currency,rate\n2026-01-06,EUR,1.1\n")
    with pytest.raises(SourceError, match=r"EUR on its first day 2026-01-05 \(its first is of 2026-01-06\)"):
        check_rates(workspace)


def test_rates_from_the_first_day_on_are_enough(tmp_path: Path) -> None:
    check_rates(_taken_in(tmp_path, "date,currency,rate\n2026-01-05,EUR,1.1\n"))


def _next_run(before: Workspace, orders: str, rates: str | None = None) -> Workspace:
    """A run that begins from what the one before took in, with another file of orders, and other rates."""
    day, root = date(2026, 1, 31), before.config.root
    told = {"watermark": day, "first_day": day, "reason": "run", "staged_at": ""}
    base = propose(before.draft, {}, config=before.config, **told)
    (root / "inbox" / "orders" / "b.csv").write_text(f"{ORDERS.splitlines()[0]}\n{orders}\n")
    if rates is not None:
        (root / "inbox" / "fx_rates" / "a.csv").write_text(rates)
    workspace = replace(before, draft=Draft.open_or_create(before.config.home, f"after-{before.draft.run_id}", base))
    for source in workspace.config.sources:
        ingest.take_in(workspace, source)
    return workspace


RATES = "date,currency,rate\n2026-01-05,EUR,1.1\n"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("3,a,2026-01-09,5,GBP", r"GBP on its first day 2026-01-09 \(it has none at all\)"),
        ("3,a,2026-01-04,5,EUR", r"EUR on its first day 2026-01-04 \(its first is of 2026-01-05\)"),
        ("1,a,2026-01-03,10,EUR", r"EUR on its first day 2026-01-03"),  # an order that is moved to another day
    ],
)
def test_of_a_later_run_the_amounts_that_came_are_checked(order: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=said):
        check_rates(_next_run(_taken_in(tmp_path, RATES), order))


def test_amounts_of_earlier_runs_are_checked_by_new_rates(tmp_path: Path) -> None:
    second = _next_run(_taken_in(tmp_path, RATES), "3,a,2026-01-09,5,EUR")
    check_rates(second)
    with pytest.raises(SourceError, match=r"EUR on its first day 2026-01-05 \(its first is of 2026-01-08\)"):
        check_rates(_next_run(second, "3,a,2026-01-09,5,EUR", "date,currency,rate\n2026-01-08,EUR,1.1\n"))
