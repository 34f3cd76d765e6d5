"""A whole first run against a DuckDB script over the same raw files: `python -m tests.bench.whole FOLDER [options]`.

    --customers 42000   a customer of the demo has about 119 events in 730 days
    --repeats 3         how often each has its turn, in a fresh process
    --page docs/performance.md

The script (whole.sql, then queries of kernels/duckdb) cleans, keeps the latest versions and makes four tables, of
segment `all` and, for one of them, tenure. Ours is the main job: every table with every segment, the audit and the
release. What it spends on the sources, states and tables that the script makes too is a row of its own. The cells that
both have are equal, or the bench ends.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from string import Template
from typing import Any

import polars as pl

from tests.bench import demo, page
from tests.bench.kernels.works import QUERIES
from tests.bench.measured import peak, spent
from tests.oracle import compare
from warehouse import catalog

SCRIPT = Path(__file__).with_suffix(".sql")
QUERY_OF = {
    "user_activity_daily": "rolling_actives",
    "user_retention_cohorts": "retention_matrix",
    "customer_retention_daily": "customer_retention",
    "customer_cohorts": "cohorts",
}
SHARED = {f"sources.{name}" for name in ("orders", "subscriptions", "events")}
SHARED |= {f"states.{name}" for name in ("user_days", "usage_days", "order_days", "first_facts", "people")}
SHARED |= {"states.activity_spans", "states.segment_spans", *(f"metrics.{name}" for name in QUERY_OF)}
HEADER = "| | CPU | on the clock | peak memory | DuckDB's CPU by it | its clock by it |"


def in_duckdb(inbox: Path, target: Path) -> None:
    """Runs the script in this process, writes its tables to `target`, prints what it cost as a line of JSON."""
    import duckdb

    connection = duckdb.connect()
    before = spent()
    connection.execute(Template(SCRIPT.read_text()).substitute(inbox=inbox, target=target))
    asked = "SELECT min(day), max(day) FROM (FROM (SELECT day FROM user_days) UNION ALL SELECT day FROM order_days)"
    found = connection.execute(asked).fetchone()
    assert found is not None
    days = {"first_day": f"DATE '{found[0].replace(day=1)}'", "last_day": f"DATE '{found[1]}'"}
    for table, query in QUERY_OF.items():
        text = Template((QUERIES / "duckdb" / f"{query}.sql").read_text()).substitute(days)
        connection.execute(f"COPY ({text}) TO '{target}/{table}.parquet' (COMPRESSION zstd)")
    after = spent()
    print(json.dumps({"total": {key: after[key] - before[key] for key in before}, "peak": peak()}))


def check_equal(business: demo.Business, target: Path) -> int:
    """How many rows of the script's tables ours has too, equal; raises ValueError with what differs."""
    rows = 0
    for table in QUERY_OF:
        entry = catalog.load()[table]
        theirs = pl.read_parquet(target / f"{table}.parquet")
        keys = [column.name for column in entry.table.keys]
        files = sorted((business.folder / "warehouse" / "current" / table).rglob("*.parquet"))
        ours = pl.read_parquet(files, hive_partitioning=False)
        ours = ours.join(theirs.select("segment", *_bases(keys)).unique(), on=["segment", *_bases(keys)], how="semi")
        if theirs.is_empty():
            raise ValueError(f"{table}: the script makes no row")
        alike = theirs.select(pl.col(name).cast(kind) for name, kind in ours.schema.items())
        lines = compare.differences(alike, ours, keys)
        if lines:
            raise ValueError(f"{table}: the script (expected) and ours differ\n" + "\n".join(lines))
        rows += ours.height
    return rows


def _bases(keys: list[str]) -> list[str]:
    return [name for name in keys if name == "basis"]


def compared(business: demo.Business, shards: int, repeats: int) -> Iterator[str]:
    """The lines of the table, from interleaved runs."""
    target = business.folder / "theirs"
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(business.first_run(shards))
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        words = [sys.executable, "-m", "tests.bench.whole", "--script", str(business.folder / "inbox"), str(target)]
        ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        theirs.append(json.loads(ran.stdout.splitlines()[-1]))
        totals = [f"{one['total']['cpu']:.1f} s" for one in (ours[-1], theirs[-1])]
        print(f"ours {totals[0]}, DuckDB {totals[1]} of CPU", file=sys.stderr, flush=True)
    rows = check_equal(business, target)
    size = f"{business.events:,} events, {shards} shards, medians of {repeats}"
    yield f"{size}; {rows:,} rows are in both, equal in every cell."
    yield from ["", HEADER, "|---|---:|---:|---:|---:|---:|"]
    script = [(one["total"], one["peak"]) for one in theirs]
    yield _row("DuckDB's script: four tables", script, script)
    yield _row(
        "ours: sources, states and tables of the script, all segments", [(_shared(one), None) for one in ours], script
    )
    yield _row("ours: the whole job, imports apart", [(one["total"], one["peak"]) for one in ours], script)


def _shared(told: dict[str, Any]) -> dict[str, float]:
    stages = [cost for name, cost in told["stages"].items() if name in SHARED]
    return {key: sum(cost[key] for cost in stages) for key in ("cpu", "seconds")}


Runs = list[tuple[dict[str, float], int | None]]


def _row(name: str, runs: Runs, script: Runs) -> str:
    cpu, seconds = (median(cost[key] for cost, _ in runs) for key in ("cpu", "seconds"))
    their_cpu, their_seconds = (median(cost[key] for cost, _ in script) for key in ("cpu", "seconds"))
    peaks = [top for _, top in runs if top is not None]
    top = f"{median(peaks) / 1e6:,.0f} MB" if peaks else ""
    return (
        f"| {name} | {cpu:.1f} s | {seconds:.1f} s | {top} | {their_cpu / cpu:.2f}x | {their_seconds / seconds:.2f}x |"
    )


def main() -> None:
    words = argparse.ArgumentParser(description="A whole first run against a DuckDB script over the same raw files.")
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=42_000)
    words.add_argument("--days", type=int, default=730)
    words.add_argument("--shards", type=int, default=8)
    words.add_argument("--repeats", type=int, default=3)
    words.add_argument("--page", type=Path)
    asked = words.parse_args()
    business = demo.make(asked.folder.absolute(), asked.customers, asked.days)
    text = "\n".join(compared(business, asked.shards, asked.repeats))
    print(text)
    if asked.page:
        page.replace_part(asked.page, "whole", text)


if __name__ == "__main__":
    if sys.argv[1] == "--script":
        in_duckdb(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
