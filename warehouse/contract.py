"""The contract of each source: what its module under assets/sources/ declares, under one type.

What a contract says is in those modules; how rows are judged by it belongs to quality/contracts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import polars as pl

from assets.sources import customers, events, fx_rates, orders, payments, subscriptions
from warehouse.table import Column, Table


class Contract(Protocol):
    """A source module; the attributes are its constants.

    ID is what a full extract is looked through for; TIME the input that places a row in time (periods: started_at
    stands for it); VERSION the one that says which version is later; PERSON the id whose shard the row is kept in.
    REPEATS_ARE_ONE where rows may lack a key, and are then one row if they agree in everything. IS_PAST where a row
    says what has happened, and not what is planned: it cannot be of a day that is still to come. IN_PARTS where there
    are so many rows that a month is kept in parts.
    """

    @property
    def table(self) -> Table: ...

    @property
    def ID(self) -> str | None: ...

    @property
    def TIME(self) -> str: ...

    @property
    def VERSION(self) -> str | None: ...

    @property
    def PERSON(self) -> str | None: ...

    @property
    def REPEATS_ARE_ONE(self) -> bool: ...

    @property
    def IS_PAST(self) -> bool: ...

    @property
    def IN_PARTS(self) -> bool: ...

    def inputs(self, shape: str) -> tuple[Column, ...]:
        """What a file may bring; what is not nullable it must."""

    def key(self) -> pl.Expr:
        """What versions of one thing share; only where REPEATS_ARE_ONE may it be null."""

    def complete(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Fills defaults and brings codes into their one spelling."""

    def rules(self) -> dict[str, pl.Expr]:
        """Each reason to quarantine a row, and which rows it is true of."""


CONTRACTS: Mapping[str, Contract] = {
    "orders": orders,
    "subscriptions": subscriptions,
    "events": events,
    "customers": customers,
    "fx_rates": fx_rates,
    "payments": payments,
}
