"""Short ways to write a world by hand and to read single cells of its answer, for the cases added up by hand."""

from __future__ import annotations

import polars as pl

from tests.oracle import oracle
from tests.oracle.worlds import Row, Source, World


def source(rows: list[Row], **options: str | bool) -> Source:
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Source(columns, {"inbox/a.csv": tuple({name: row.get(name) for name in columns} for row in rows)}, options)


def orders(*rows: tuple[str, str, str], **more: str) -> Source:
    """(customer, day, amount) each, in USD."""
    return source(
        [
            {
                "order_id": f"o{n:02}",
                "customer_id": customer,
                "ordered_at": day,
                "amount": amount,
                "currency": "USD",
                **more,
            }
            for n, (customer, day, amount) in enumerate(rows)
        ]
    )


def events(*rows: tuple[str, str]) -> Source:
    return source(
        [
            {"event_id": f"e{n}", "user_id": user, "occurred_at": day, "event_name": "open"}
            for n, (user, day) in enumerate(rows)
        ]
    )


def changes(*rows: tuple[str, str, str], **more: str) -> Source:
    """(day, status, amount) of one monthly subscription of customer c, in USD."""
    return source(
        [
            {
                "change_id": f"k{n:02}",
                "subscription_id": "s",
                "customer_id": "c",
                "effective_at": day,
                "status": status,
                "plan": "basic",
                "amount": amount,
                "interval": "month",
                "currency": "USD",
                **more,
            }
            for n, (day, status, amount) in enumerate(rows)
        ]
    )


def table(name: str, sources: dict[str, Source], **settings: object) -> pl.DataFrame:
    """The `all` rows of one table."""
    frame = oracle.answer(World(sources=sources, **settings), {name})[name]  # type: ignore[arg-type]
    return frame.filter(pl.col("segment") == "all") if "segment" in frame.columns else frame


def cells(frame: pl.DataFrame, *columns: str, **where: object) -> list[tuple[object, ...]]:
    for name, value in where.items():
        frame = frame.filter(pl.col(name).cast(pl.String) == str(value))
    return frame.select(columns).rows()
