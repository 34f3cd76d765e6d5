"""The comparison itself: every kind of difference is seen and named."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from tests.oracle.compare import differences
from tests.oracle.shrink import shrink
from tests.oracle.worlds import world

TABLE = pl.DataFrame(
    {"key": ["a", "b"], "count": [1, 2], "rate": [0.5, None], "amount": [Decimal("1.0000"), Decimal("2.0000")]},
    schema_overrides={"amount": pl.Decimal(38, 4)},
)


def test_equal_tables_have_no_difference() -> None:
    assert differences(TABLE, TABLE.reverse(), ["key"]) == []
    assert differences(TABLE, TABLE.with_columns(rate=pl.col("rate") * (1 + 1e-15)), ["key"]) == []


def test_each_difference_is_named() -> None:
    other = TABLE.with_columns(
        count=pl.Series([1, 3]), rate=pl.Series([None, 0.0]), amount=pl.col("amount") + Decimal("0.0001")
    )
    assert differences(TABLE, other.cast({"amount": pl.Decimal(38, 4)}), ["key"]) == [
        "key=a: rate expected 0.5, got None",
        "key=a: amount expected 1.0000, got 1.0001",
        "key=b: count expected 2, got 3",
        "key=b: rate expected None, got 0.0",
        "key=b: amount expected 2.0000, got 2.0001",
    ]
    assert differences(TABLE, TABLE.head(1), ["key"]) == ["key=b: row missing; expected count=2, amount=2.0000"]
    assert differences(TABLE.head(1), TABLE, ["key"]) == ["key=b: row unexpected; got count=2, amount=2.0000"]
    assert differences(TABLE, pl.concat([TABLE, TABLE.head(1)]), ["key"]) == ["key=a: 2 rows of one key"]
    assert differences(TABLE, TABLE.with_columns(pl.col("count").cast(pl.Int32)), ["key"]) == [
        "column count: type expected Int64, got Int32"
    ]


def test_a_failing_world_is_made_small() -> None:
    def has_a_negative_order(given: object) -> list[str]:
        orders = given.sources.get("orders")  # type: ignore[attr-defined]
        rows = [] if orders is None else [row for content in orders.files.values() for row in content]
        return [str(row) for row in rows if row["amount"].startswith("-")]

    given = next(w for w in map(world, range(50)) if has_a_negative_order(w) and len(w.sources) > 2)
    small = shrink(given, has_a_negative_order)
    assert list(small.sources) == ["orders"]
    assert sum(len(rows) for rows in small.sources["orders"].files.values()) == 1
