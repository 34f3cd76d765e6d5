"""The inbox of the demo: which rows go to which file, and the bytes of each format.

Here belongs writing. A file holds the deliveries of one month (or one day); the same rows give the same bytes.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import polars as pl

from pipelines.demo.events import EVENT_NAMES

Period = Literal["month", "day"]
PERIOD_FORMAT = {"month": "%Y-%m", "day": "%Y-%m-%d", "year": "%Y"}
ROW_GROUP = 131_072
GZIP_LEVEL = 6
ORDER_COLUMNS = (
    "order_id",
    "customer_id",
    "ordered_at",
    "amount",
    "currency",
    "refunded_amount",
    "status",
    "updated_at",
)
CUSTOMER_COLUMNS = ("customer_id", "acquisition_channel", "country", "signed_up_at", "updated_at")
CHANGE_TEXTS = (
    "change_id",
    "subscription_id",
    "customer_id",
    "effective_at",
    "status",
    "plan",
    "interval",
    "currency",
    "churn_type",
    "churn_reason",
    "current_period_end",
    "updated_at",
)
CHANGE_NUMBERS = ("quantity", "discount", "discount_percent")


def write_orders(folder: Path, rows: pl.DataFrame, period: Period) -> int:
    """CSV files; returns how many."""
    return _write(folder / "orders", ".csv", rows, period, lambda part: _csv(part.select(ORDER_COLUMNS)))


def write_customers(folder: Path, rows: pl.DataFrame) -> int:
    """CSV files, one a year, with a column name of their own."""
    return _write(folder / "customers", ".csv", rows, "year", lambda part: _csv(part.select(CUSTOMER_COLUMNS)))


def write_rates(folder: Path, rows: pl.DataFrame) -> int:
    """CSV files, one a year."""
    return _write(folder / "fx_rates", ".csv", rows, "year", lambda part: _csv(part.drop("delivered")))


def write_payments(folder: Path, rows: pl.DataFrame) -> int:
    """CSV files, one a year."""
    return _write(folder / "payments", ".csv", rows, "year", lambda part: _csv(part.drop("delivered")))


def write_changes(folder: Path, rows: pl.DataFrame, period: Period) -> int:
    """Gzipped JSON lines."""
    return _write(folder / "subscriptions", ".jsonl.gz", rows, period, _gzipped_lines)


def write_events(folder: Path, rows: pl.DataFrame, user_id: pl.Series, customer_id: pl.Series, period: Period) -> int:
    """Parquet files, with ids and names as text."""
    rows = rows.with_columns(pl.from_epoch("received", time_unit="us").alias("delivered"))
    return _write(folder / "events", ".parquet", rows, period, lambda part: _parquet(part, user_id, customer_id))


def _write(folder: Path, ending: str, rows: pl.DataFrame, period: str, encode: Callable[[pl.DataFrame], bytes]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for label, part in _parts(rows, period):
        (folder / f"{label}{ending}").write_bytes(encode(part))
        count += 1
    return count


def _parts(rows: pl.DataFrame, period: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each file in order of time; `rows` are sorted by delivery."""
    labels = rows["delivered"].dt.to_string(PERIOD_FORMAT[period]).rle().struct.unnest()
    start = 0
    for length, label in labels.iter_rows():
        yield label, rows.slice(start, length)
        start += length


def _csv(rows: pl.DataFrame) -> bytes:
    return rows.write_csv().encode()


def _gzipped_lines(rows: pl.DataFrame) -> bytes:
    """One JSON object a line; an amount that is no number is text, as its system sent it."""
    texts = [pl.format('"{}":"{}"', pl.lit(name), pl.col(name).cast(pl.String)) for name in CHANGE_TEXTS]
    numbers = [pl.format('"{}":{}', pl.lit(name), pl.col(name)) for name in CHANGE_NUMBERS]
    is_number = pl.col("amount").str.contains(r"^\d+\.\d+$")
    amount = pl.when(is_number).then(pl.format('"amount":{}', "amount")).otherwise(pl.format('"amount":"{}"', "amount"))
    fields = pl.concat_str([*texts, amount, *numbers], separator=",", ignore_nulls=True)
    lines = rows.select(pl.concat_str(pl.lit("{"), fields, pl.lit("}")).alias("line"))["line"]
    return gzip.compress(("\n".join(lines) + "\n").encode(), GZIP_LEVEL, mtime=0)


def _parquet(rows: pl.DataFrame, user_id: pl.Series, customer_id: pl.Series) -> bytes:
    buffer = io.BytesIO()
    table = rows.select(
        pl.format("E{}", pl.col("event").cast(pl.String).str.zfill(9)).alias("event_id"),
        user_id.gather(rows["user"]).alias("user_id"),
        customer_id.gather(rows["customer"]).alias("customer_id"),
        pl.from_epoch("occurred", time_unit="us").dt.replace_time_zone("UTC").alias("occurred_at"),
        pl.Series(EVENT_NAMES).gather(rows["name"]).alias("event_name"),
        pl.col("value").cast(pl.Int32),
        pl.col("delivered").dt.replace_time_zone("UTC").alias("received_at"),
    )
    table.write_parquet(buffer, compression="zstd", compression_level=3, row_group_size=ROW_GROUP)
    return buffer.getvalue()
