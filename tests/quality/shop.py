"""A small shop without a pipeline: orders of some days in a lake, one table made from them, a release of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from quality.audit import Audit
from quality.verdict import Observation
from warehouse import catalog, ledger, quarantine
from warehouse.bounds import Bounds
from warehouse.candidate import Candidate
from warehouse.catalog import Catalog
from warehouse.draft import Draft
from warehouse.releases import Releases
from warehouse.store import Store
from warehouse.table import Table

FIRST = date(2026, 6, 1)
CONFIG = SimpleNamespace(time_zone="UTC", version="c0ffee", sources={"orders": None}, quality=Bounds(), folder=Path())


@dataclass(frozen=True)
class Delivery:
    """One file of the orders of one day. `without_id` of its rows went to quarantine."""

    day: date
    rows: int
    without_id: int = 0
    customers: int | None = None
    amount: int = 20
    path: str = ""

    @property
    def name(self) -> str:
        return self.path or f"inbox/orders/{self.day}.csv"

    @property
    def taken(self) -> int:
        return self.rows - self.without_id


def daily(rows: int, days: int, sundays: int | None = None) -> list[Delivery]:
    """A file for each day, each day a little different; on Sundays another number of rows."""
    found = []
    for number in range(days):
        day = FIRST + timedelta(days=number)
        usual = rows if sundays is None or day.weekday() != 6 else sundays
        found.append(Delivery(day, usual + (number * 7919) % (usual // 10 or 1)))
    return found


def tables() -> Catalog:
    everything = catalog.load()
    return Catalog([everything["orders"], everything["orders_daily"]])


class Shop:
    """The warehouse of the shop; each `stage` is a run that finds exactly these deliveries in the inbox."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = Store(home)
        self.releases = Releases(home, clock=lambda: datetime(2026, 11, 1, tzinfo=UTC))
        self.catalog = tables()
        self.runs = 0
        self.histories: dict[str, Table] = {}

    def stage(
        self,
        deliveries: list[Delivery],
        *,
        watermark: date | None = None,
        table: pl.DataFrame | None = None,
        forgotten: int = 0,
        first_day: date = FIRST,
    ) -> Candidate:
        """`table` stands for orders_daily; the lake forgets so many rows.

        `first_day` is the day the run says it computed from.
        """
        self.runs += 1
        draft = Draft.open_or_create(self.home, f"run-{self.runs}", self.releases.head())
        lake = pl.concat([self.orders(one) for one in deliveries])
        lake = lake.head(lake.height - forgotten)
        bad = {quarantine.partition(one.name): _quarantined(one) for one in deliveries if one.without_id}
        for layer, name, parts in (
            ("sources", "orders", {"shard=00": lake}),
            (ledger.LAYER, ledger.TABLE, {ledger.partition("orders"): _ledger(deliveries)}),
            (quarantine.LAYER, "orders", bad),
        ):
            draft.put(layer, name, {key: self.store.write(layer, name, key, frame) for key, frame in parts.items()})
        last = watermark or max(one.day for one in deliveries)
        declared = self.catalog["orders_daily"].table
        frame = (orders_daily(lake, last) if table is None else table).sort("date", "segment", "segment_value")
        file = self.store.write("metrics", "orders_daily", "whole", frame, declared.arrow_schema())
        draft.put("metrics", "orders_daily", {"whole": file})
        return self.releases.stage(
            draft,
            tables={"orders_daily": declared, **self.histories},
            watermark=last,
            first_day=first_day,
            config=CONFIG,  # type: ignore[arg-type]
            reason="run",
        )

    def publish(self, deliveries: list[Delivery]) -> None:
        candidate = self.stage(deliveries)
        self.releases.publish(candidate, {"passed": True, "digest": candidate.digest})

    def audit(self, candidate: Candidate, config: SimpleNamespace = CONFIG) -> Audit:
        audit = Audit(candidate, self.catalog, config, self.store, self.releases.head())
        audit.measure()
        return audit

    def failures(self, candidate: Candidate) -> dict[tuple[str, str], Observation]:
        """What lies outside of its bounds, by severity and check; nothing may have raised."""
        audit = self.audit(candidate)
        assert audit.broken == []
        return {(one.severity, one.check): one for one in audit.observations if fails(one)}

    def orders(self, delivery: Delivery) -> pl.DataFrame:
        table = self.catalog["orders"].table
        customers = delivery.customers or max(delivery.taken, 1)
        moment = datetime(delivery.day.year, delivery.day.month, delivery.day.day, 12, tzinfo=UTC)
        values: dict[str, Any] = {
            "file": delivery.name,
            "row": pl.int_range(2, delivery.taken + 2, eager=True),
            "order_id": [f"{delivery.name}-{number}" for number in range(delivery.taken)],
            "customer_id": [f"c{number % customers}" for number in range(delivery.taken)],
            "customer": [number % customers for number in range(delivery.taken)],
            "ordered_at": moment,
            "day": delivery.day,
            "amount": delivery.amount,
            "refunded_amount": 0,
            "status": "paid",
            "currency": "USD",
            "is_current": True,
        }
        frame = pl.DataFrame({"row": values.pop("row")}).with_columns(
            **{name: pl.Series(value) if isinstance(value, list) else pl.lit(value) for name, value in values.items()}
        )
        missing = {name: pl.lit(None) for name in table.polars_schema() if name not in frame.columns}
        return frame.with_columns(**missing).select(
            pl.col(name).cast(dtype) for name, dtype in table.polars_schema().items()
        )


def orders_daily(lake: pl.DataFrame, last: date) -> pl.DataFrame:
    """The table of these orders up to the last day, with the one segment `all`."""
    days = pl.DataFrame({"date": pl.date_range(lake["day"].min(), last, eager=True)})  # type: ignore[arg-type]
    first = lake.group_by("customer_id").agg(pl.col("day").min().alias("first_day"))
    counts = (
        lake.join(first, on="customer_id")
        .group_by(date="day", currency="currency")
        .agg(
            orders=pl.len().cast(pl.Int64),
            customers_ordering=pl.col("customer_id").n_unique().cast(pl.Int64),
            customers_first_order=pl.col("customer_id")
            .filter(pl.col("day") == pl.col("first_day"))
            .n_unique()
            .cast(pl.Int64),
            revenue=pl.col("amount").sum(),
            revenue_first_orders=pl.col("amount").filter(pl.col("day") == pl.col("first_day")).sum(),
        )
    )
    return days.join(counts, on="date", how="left").with_columns(
        pl.col("currency").fill_null("USD"),
        pl.col("orders", "customers_ordering", "customers_first_order").fill_null(0),
        is_converted=False,
        segment=pl.lit("all"),
        segment_value=pl.lit("all"),
        revenue=pl.col("revenue").fill_null(0).cast(pl.Decimal(38, 4)),
        revenue_first_orders=pl.col("revenue_first_orders").fill_null(0).cast(pl.Decimal(38, 4)),
        average_order_value=pl.when(pl.col("orders") > 0).then(pl.col("revenue").cast(pl.Float64) / pl.col("orders")),
    )


def fails(one: Observation) -> bool:
    """Judged without the library: outside of its bounds, or not measured."""
    if one.observed is None:
        return True
    return (one.low is not None and one.observed < one.low) or (one.high is not None and one.observed > one.high)


def with_last(deliveries: list[Delivery], **changes: int) -> list[Delivery]:
    """The same deliveries, the last one changed."""
    return [*deliveries[:-1], replace(deliveries[-1], **changes)]


def _ledger(deliveries: list[Delivery]) -> pl.DataFrame:
    def line(path: str, parts: list[Delivery]) -> Mapping[str, Any]:
        days = [one.day for one in parts if one.taken]
        return {
            "source": "orders",
            "path": path,
            "sha256": str(parts),
            "reading": "",
            "rows_in": sum(one.rows for one in parts),
            "taken": sum(one.taken for one in parts),
            "quarantined": sum(one.without_id for one in parts),
            "excluded_where": 0,
            "excluded_distinct": 0,
            "merged": 0,
            "waiting": 0,
            "superseded": 0,
            "first_day": min(days, default=None),
            "last_day": max(days, default=None),
        }

    files = {one.name: [other for other in deliveries if other.name == one.name] for one in deliveries}
    return pl.DataFrame([line(*file) for file in files.items()], schema=ledger.SCHEMA)


def _quarantined(one: Delivery) -> pl.DataFrame:
    same = {"source": "orders", "file": one.name, "day": one.day, "reasons": "customer_id is missing", "raw": "{}"}
    return pl.DataFrame([{**same, "row": number} for number in range(one.without_id)], schema=quarantine.SCHEMA)
