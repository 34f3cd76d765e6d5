"""Faults of subscriptions told as periods, which contradict each other: a small shop of its own for each.

A gap between periods is beside them because it is none: the customer left and came back, and the tables say so.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.states import mrr_changes, subscription_mrr
from quality import periods, profile
from tests.faults.bench import Bench
from tests.faults.fault import Fault, Found, Should
from tests.ingest.shop import Shop
from tests.quality.shop import fails
from warehouse import catalog
from warehouse.bounds import Bounds
from warehouse.settings import Settings

TOML = '[sources.subscriptions]\npath = "inbox/s*.csv"\ncurrency = "USD"\nshape = "periods"\n'
HEADER = "subscription_id,customer_id,started_at,ended_at,amount,interval\n"
OTHERS = "s8,c8,2024-01-01,2024-02-01,10,month\ns8,c8,2024-02-01,2024-03-01,10,month\ns9,c9,2024-01-01,,10,month\n"
FILE = "inbox/s.csv"
RETURN = ["new", "churn", "reactivation"]


def contradicting(name: str, should: Should, *rows: str) -> Fault:
    """These periods come among right ones."""

    def try_on(bench: Bench) -> Found:
        folder = bench.folder.parent / name.replace(" ", "-")
        folder.mkdir()
        made = Shop(folder, TOML)
        made.deliver("s.csv", HEADER + OTHERS + "".join(f"{row}\n" for row in rows))
        made.take_in(watermark="2024-03-31")
        assert made.head is not None
        line, aside = made.ledger("subscriptions")[FILE], made.quarantine("subscriptions")
        delivered = len(OTHERS.splitlines()) + len(rows)
        kept = delivered == line.rows_in == line.taken + line.quarantined
        kept = kept and made.lake("subscriptions").height == line.taken and len(aside) == line.quarantined
        measured = profile.measure(catalog.load()["subscriptions"], made.head, made.store, None)
        failed = [one for one in periods.overlapping(measured, made.head, made.store, Bounds()) if fails(one)]
        if failed:
            return Found("block" if failed[0].severity == "critical" else "warn", failed[0].check, kept)
        if aside:
            return Found("quarantine", aside[0]["reasons"], kept)
        moves = _moves(made)
        told = ", ".join(f"{movement} on {day}" for movement, day in moves)
        return Found("return" if [one for one, _ in moves] == RETURN else "nothing", told, kept)

    return Fault("periods", name, should, try_on)


def _moves(made: Shop) -> list[tuple[str, date]]:
    """How the recurring revenue of the customer in question moved, and on which days."""
    rows = made.lake("subscriptions", every_version=True).filter(pl.col("customer_id") == "c1")
    settings = Settings(date(2024, 1, 1), date(2024, 3, 31), sources=frozenset({"subscriptions"}))
    one_shard = rows.lazy().with_columns(shard=pl.lit(0, pl.UInt16))
    changes = mrr_changes.build(subscription_mrr.build(one_shard, settings))
    return changes.sort("day").select("movement", "day").collect().rows()


PERIODS: tuple[Fault, ...] = (
    contradicting(
        "an open period that another follows",
        "warn",
        "s1,c1,2024-01-01,,10,month",
        "s1,c1,2024-02-01,2024-03-01,10,month",
    ),
    contradicting(
        "a period that begins before the one before it ended",
        "warn",
        "s1,c1,2024-01-01,2024-02-15,10,month",
        "s1,c1,2024-02-01,2024-03-01,10,month",
    ),
    contradicting(
        "a gap between two periods of a subscription",
        "return",
        "s1,c1,2024-01-01,2024-02-01,10,month",
        "s1,c1,2024-02-15,,10,month",
    ),
    contradicting("a period that ends before it began", "quarantine", "s1,c1,2024-02-01,2024-01-01,10,month"),
)
