"""Faults of files and whole deliveries: what cannot be read stops the run and names the file, what can is judged."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from io import BytesIO

import polars as pl

from tests.faults.bench import Bench, encoded
from tests.faults.fault import Fault, in_file

Change = Callable[[pl.DataFrame], pl.DataFrame]
YESTERDAY = "2026-10-29.parquet"


def rows_of(source: str, change: Change) -> Callable[[Bench], bytes]:
    return lambda bench: encoded(bench.file(source).name, change(bench.rows(source)))


def bytes_of(source: str, change: Callable[[bytes], bytes]) -> Callable[[Bench], bytes]:
    return lambda bench: change(bench.clean[source])


def every(number: int) -> pl.Expr:
    return pl.int_range(pl.len()) % number == 0


def without(column: str, number: int) -> Change:
    return lambda rows: rows.with_columns(pl.when(~every(number)).then(column).alias(column))


def renamed(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def zipped(content: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("orders.csv", content)
    return buffer.getvalue()


def more_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The same day three times, each row an event of its own."""
    return pl.concat([rows.with_columns(event_id=pl.format("{}-{}", "event_id", pl.lit(n))) for n in range(3)])


def cut_in_a_row(content: bytes) -> bytes:
    return content[: content.rstrip().rfind(b",") - 30]


def strangers(rows: pl.DataFrame) -> pl.DataFrame:
    """More orders, of customers that the source `customers` does not have."""
    more = pl.concat([rows] * 12).with_columns(order_id=pl.format("Z{}", pl.int_range(pl.len())))
    return pl.concat([rows, more.with_columns(customer_id=pl.col("order_id"))])


FILES: tuple[Fault, ...] = (
    in_file(
        "orders", "a column that is needed has another name", "refuse", bytes_of("orders", renamed("amount", "sum"))
    ),
    in_file("orders", "a zip file with the name of a CSV file", "refuse", bytes_of("orders", zipped)),
    in_file("orders", "semicolons for commas", "refuse", bytes_of("orders", lambda one: one.replace(b",", b";"))),
    in_file(
        "orders", "text that is not UTF-8", "refuse", bytes_of("orders", lambda one: one + b"\xff\xfe,\xe9,,,,,,\n")
    ),
    in_file(
        "orders",
        "a row with a field too many",
        "quarantine",
        bytes_of("orders", lambda one: one + b"1,2,3,4,5,6,7,8,9\n"),
    ),
    in_file("orders", "a file cut in the middle of a row", "quarantine", bytes_of("orders", cut_in_a_row)),
    in_file(
        "orders",
        "a currency without any rate",
        "refuse",
        rows_of("orders", lambda one: one.with_columns(currency=pl.lit("JPY"))),
    ),
    in_file(
        "orders",
        "a tenth of the rows without a customer",
        "warn",
        rows_of("orders", lambda one: one.with_columns(customer_id=pl.when(~every(10)).then("customer_id"))),
    ),
    in_file("orders", "orders of customers that `customers` lacks", "warn", rows_of("orders", strangers)),
    in_file("events", "the file is empty, header apart", "block", rows_of("events", lambda one: one.clear())),
    in_file("events", "a file of no bytes at all", "refuse", bytes_of("events", lambda _: b"")),
    in_file(
        "events", "a Parquet file cut in the middle", "refuse", bytes_of("events", lambda one: one[: len(one) // 2])
    ),
    in_file(
        "events",
        "half of the rows without a user",
        "block",
        rows_of("events", lambda one: one.with_columns(user_id=pl.when(every(2)).then("user_id"))),
    ),
    in_file(
        "events",
        "one user id for everybody",
        "block",
        rows_of("events", lambda one: one.with_columns(user_id=pl.lit("U1"))),
    ),
    in_file("events", "three times as many rows as ever", "warn", rows_of("events", more_rows)),
    in_file("events", "one row in a hundred arrives", "block", rows_of("events", lambda one: one.filter(every(100)))),
    in_file(
        "events",
        "the day before comes once more under a new name",
        "warn",
        bytes_of("events", lambda one: one),
        lambda bench: {"again.parquet": bench.file("events").with_name(YESTERDAY).read_bytes()},
    ),
    in_file(
        "events",
        "an earlier file comes again with one row in a hundred",
        "block",
        bytes_of("events", lambda one: one),
        lambda bench: {
            YESTERDAY: encoded(YESTERDAY, pl.read_parquet(bench.file("events").with_name(YESTERDAY)).filter(every(100)))
        },
    ),
    in_file(
        "events",
        "every event has a name nobody used before",
        "warn",
        rows_of("events", lambda one: one.with_columns(event_name=pl.format("app.{}", "event_name"))),
    ),
    in_file(
        "events",
        "usage of subscribers from before their subscriptions",
        "warn",
        rows_of("events", lambda one: one.with_columns(occurred_at=pl.col("occurred_at").dt.offset_by("-60d"))),
    ),
    in_file(
        "orders",
        "a column that may be missing is left out",
        "warn",
        rows_of("orders", lambda one: one.drop("updated_at")),
    ),
    in_file(
        "orders",
        "a column that may be empty has no value any more",
        "warn",
        rows_of("orders", lambda one: one.with_columns(updated_at=pl.lit(""))),
    ),
    in_file("orders", "a column nobody knows", "note", rows_of("orders", lambda one: one.with_columns(till=pl.lit(7)))),
    in_file(
        "events",
        "times as text",
        "warn",
        rows_of("events", lambda one: one.with_columns(pl.col("received_at").cast(pl.String))),
    ),
    in_file(
        "subscriptions",
        "the plan has another name",
        "warn",
        bytes_of(
            "subscriptions",
            lambda one: gzip.compress(gzip.decompress(one).replace(b'"plan":', b'"product":'), mtime=0),
        ),
    ),
    in_file(
        "subscriptions",
        "a line of broken JSON",
        "quarantine",
        bytes_of(
            "subscriptions",
            lambda one: gzip.compress(gzip.decompress(one) + b'{"subscription_id": "S1", "cus\n', mtime=0),
        ),
    ),
    in_file(
        "subscriptions",
        "a gzip file cut in the middle",
        "refuse",
        bytes_of("subscriptions", lambda one: one[: len(one) // 2]),
    ),
    in_file(
        "subscriptions",
        "half of the amounts are words",
        "block",
        rows_of(
            "subscriptions",
            lambda one: one.with_columns(
                line=pl.when(every(2))
                .then(pl.col("line").str.replace(r'"amount":[0-9.]+', '"amount":"free"'))
                .otherwise("line")
            ),
        ),
    ),
)
