"""Whether every amount can be stated in the reporting currency: a missing rate is said before anything is computed."""

from __future__ import annotations

import polars as pl

from pipelines import moved
from pipelines.days import is_redefined
from pipelines.parts import scan_rows
from pipelines.workspace import Workspace
from warehouse import catalog as catalogs
from warehouse.codes import LAYER
from warehouse.errors import SourceError

MONEY_SOURCES = ("orders", "subscriptions", "payments")


def check_rates(workspace: Workspace) -> None:
    """Raises SourceError naming each currency that has amounts before its first rate, and both days.

    Of a run that begins from a release and brings no other rates, only the amounts that came are looked at.
    """
    reporting = workspace.config.reporting_currency
    if reporting is None:
        return
    draft = workspace.draft
    is_checked = draft.base is not None and not is_redefined(workspace) and not draft.changed(LAYER, "fx_rates")
    amounts = _that_came if is_checked else _scan
    facts = pl.concat([amounts(workspace, source) for source in MONEY_SOURCES])
    known = _scan(workspace, "fx_rates").group_by("currency").agg(first_rate=pl.col("day").min())
    missing = (
        facts.filter(pl.col("currency") != reporting)
        .group_by("currency")
        .agg(pl.col("day").min())
        .join(known, on="currency", how="left")
        .filter(pl.col("first_rate").is_null() | (pl.col("first_rate") > pl.col("day")))
        .sort("currency")
        .collect()
    )
    if missing.height:
        raise SourceError(
            f"reporting_currency is {reporting}, and fx_rates has no rate for "
            + "; ".join(f"{currency} on its first day {day} ({_found(rate)})" for currency, day, rate in missing.rows())
            + ". Deliver the missing rates (date, currency, rate), or take reporting_currency out of [warehouse]."
        )


def _that_came(workspace: Workspace, source: str) -> pl.LazyFrame:
    """The amounts that came since the base release; all of them where nobody looked."""
    if not workspace.draft.changed(LAYER, source):
        return _scan(workspace, source).head(0)
    found = moved.of(workspace.draft, source)
    return _scan(workspace, source) if found is None else found.come.lazy().select("currency", "day")


def _scan(workspace: Workspace, source: str) -> pl.LazyFrame:
    tables = catalogs.load(workspace.catalog.folder)
    files = workspace.draft.files(LAYER, source).values()
    return scan_rows(workspace.store, tables, source, files).select("currency", "day")


def _found(first_rate: object) -> str:
    return "it has none at all" if first_rate is None else f"its first is of {first_rate}"
