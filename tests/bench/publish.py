"""What one more day costs to publish, by how much was published before: `python -m tests.bench.publish [PAGE]`.

Twelve tables by month, three sources by shard and month, four states by shard. A day's rows are added to the last
month, every state is rewritten, and the release is staged and published as a run does it. PAGE is a Markdown file whose
part between the two marks is replaced by what was measured.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from tests.bench import page
from tests.releases.business import CONFIG, TABLES, passed
from warehouse import history, manifest
from warehouse.draft import Draft
from warehouse.manifest import DataFile, Manifest
from warehouse.releases import Releases
from warehouse.store import Store

HISTORIES = (100, 1_000, 3_000)
DAILY_RUNS = 7
LAST_DAY = date(2026, 10, 31)
TWELVE = {f"t{i:02}_daily": replace(TABLES["orders_daily"], name=f"t{i:02}_daily") for i in range(12)}
ROWS_A_DAY = 200  # of a table, segments and windows included, and of a source over all shards
PEOPLE_OF_A_SHARD = 2_000
SHARDS = 8


@dataclass
class Written:
    """Bytes handed to the operating system, and hard links made. DuckDB's own file is added by its size."""

    bytes: int = 0
    links: int = 0
    of_manifests: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def main() -> None:
    rows = []
    for days in HISTORIES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_measured(Path(folder) / "warehouse", days))
    header = "| days before | files in the manifest | seconds | bytes written | of it data | manifest, twice "
    header += "| warehouse.duckdb | links | seconds for a rollback | for opening the manifest |"
    text = "\n".join([header, "|" + "---|" * (header.count("|") - 1), *rows])
    print(text)
    if len(sys.argv) > 1:
        page.replace_part(Path(sys.argv[1]), "publish", text)


def _measured(home: Path, days: int) -> str:
    store, releases = Store(home), Releases(home)
    first = LAST_DAY - timedelta(days=days - 1)
    _publish(home, store, releases, first, LAST_DAY)
    runs = [_one_more_day(home, store, releases, LAST_DAY + timedelta(days=n)) for n in range(1, DAILY_RUNS + 1)]
    head = releases.head()
    assert head is not None
    daily, data, database = runs[-1]
    began = time.perf_counter()
    releases.rollback(2)
    rollback = time.perf_counter() - began
    opening = min(_seconds_to_open(home) for _ in range(5))
    total = statistics.median(sum(one.seconds.values()) for one, _, _ in runs)
    return (
        f"| {days:,} | {len(head.files):,} | {total:.2f} | {_kb(daily.bytes + database)} | {_kb(data)} "
        f"| {_kb(daily.of_manifests)} | {_kb(database)} | {daily.links:,} | {rollback:.2f} | {opening:.3f} |"
    )


def _one_more_day(home: Path, store: Store, releases: Releases, day: date) -> tuple[Written, int, int]:
    with _counted() as written:
        published = _publish(home, store, releases, day, day, written)
    before = set(releases.get(published.number - 1).files)
    data = sum(file.bytes for file in published.files if file not in before)
    return written, data, (releases.folder(published.number) / "warehouse.duckdb").stat().st_size


def _publish(
    home: Path, store: Store, releases: Releases, first: date, last: date, written: Written | None = None
) -> Manifest:
    """Publishes the days from first to last; seconds and manifests are noted in `written`."""
    written = written or Written()
    draft = Draft.open_or_create(home, f"run-{last}-{first}", releases.head())
    began = time.perf_counter()
    _fill(draft, store, first, last)
    written.seconds["write"] = time.perf_counter() - began
    candidate = releases.stage(draft, tables=TWELVE, watermark=last, first_day=first, config=CONFIG, reason="bench")
    written.seconds["stage"] = time.perf_counter() - began - written.seconds["write"]
    written.of_manifests = (candidate.folder / "candidate.json").stat().st_size
    published = releases.publish(candidate, passed(candidate))
    written.seconds["publish"] = time.perf_counter() - began - written.seconds["write"] - written.seconds["stage"]
    written.of_manifests += history.path_of(home, published.number).stat().st_size
    return published


def _fill(draft: Draft, store: Store, first: date, last: date) -> None:
    ends = pl.date_range(first, last, "1d", eager=True).to_frame("day").group_by(pl.col("day").dt.strftime("%Y-%m"))
    months = {str(name[0]): (int(rows["day"].max().day), name) for name, rows in ends}  # type: ignore[union-attr]
    for name, table in TWELVE.items():
        columns = table.polars_schema().names()
        changes: dict[str, DataFile | None] = {}
        for month, (day, _) in months.items():
            rows = _rows(day * ROWS_A_DAY, columns)
            changes[f"month={month}"] = store.write("metrics", name, f"month={month}", rows, table.arrow_schema())
        draft.put("metrics", name, changes)
    for source in ("orders", "subscriptions", "events"):
        changes = {}
        for month, (day, _) in months.items():
            for shard in range(SHARDS):
                partition = f"shard={shard:02}/month={month}"
                rows = _rows(day * ROWS_A_DAY // SHARDS, ["id", "person", "amount", "day"])
                changes[partition] = store.write("sources", source, partition, rows)
        draft.put("sources", source, changes)
    for state in ("people", "order_days", "activity_spans", "mrr_changes"):
        shards = {f"shard={shard:02}": _rows(PEOPLE_OF_A_SHARD, ["person", "day"]) for shard in range(SHARDS)}
        draft.put("states", state, {name: store.write("states", state, name, rows) for name, rows in shards.items()})


_SEED = 0


def _rows(height: int, columns: list[str]) -> pl.DataFrame:
    """Numbers that compress about as well as counts do, and differ from one file to the next."""
    global _SEED
    _SEED += 1
    numbers = pl.int_range(height, dtype=pl.Int64, eager=True)
    return pl.DataFrame({name: (numbers * (7919 + _SEED + i)) % 1009 for i, name in enumerate(columns)})


def _seconds_to_open(home: Path) -> float:
    began = time.perf_counter()
    manifest.read(history.path_of(home, history.numbers(home)[-1]))
    return time.perf_counter() - began


@contextmanager
def _counted() -> Iterator[Written]:
    written, write, link = Written(), os.write, os.link

    def counting_write(descriptor: int, content: bytes) -> int:
        done = write(descriptor, content)
        written.bytes += done
        return done

    def counting_link(*arguments: object, **options: object) -> None:
        written.links += 1
        link(*arguments, **options)  # type: ignore[arg-type]

    os.write, os.link = counting_write, counting_link  # type: ignore[assignment]
    try:
        yield written
    finally:
        os.write, os.link = write, link


def _kb(size: float) -> str:
    return f"{size / 1000:,.0f} kB"


if __name__ == "__main__":
    main()
