"""Late and corrected rows: day by day or at once, the tables end equal, and only what is touched changes."""

from __future__ import annotations

import os
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from pipelines import ingest
from tests.properties import stream
from tests.properties.stream import FIRST_DAY, Delivered, order_row
from tests.properties.warehouse_runs import Runs, unequal_files, unequal_tables
from tests.restatements.runs import RecordedRuns
from tests.restatements.test_causes_add_up import broken_chains, sums, unaccounted
from warehouse import config
from warehouse.manifest import Manifest

# All of 120 days: HOLDFAST_STREAM_DAYS=120.
DAYS = int(os.environ.get("HOLDFAST_STREAM_DAYS", "0"))


def _runs(folder: Path, days: str = "") -> Runs:
    stream.configure(folder, days)
    return Runs(folder)


def _at_once(folder: Path, rows: list[Delivered]) -> Runs:
    runs = _runs(folder)
    stream.write(folder, "all", rows)
    assert runs.run() is not None, runs.refused
    return runs


@pytest.mark.parametrize(("days", "every"), [(DAYS, 1)] if DAYS else [(48, 12)])
def test_a_stream_with_late_rows_ends_equal_to_its_rows_at_once(days: int, every: int, tmp_path: Path) -> None:
    """7.6 % of the rows come a day late, 0.4 % over 30 days; `every` so many days what has come is taken in, and
    `restatements` accounts for every change of what was published before."""
    rows = stream.rows(days, seed=11)
    stream.configure(tmp_path / "stream")
    runs = RecordedRuns(tmp_path / "stream")
    for first in range(0, days, every):
        for day in (FIRST_DAY + timedelta(days=number) for number in range(first, min(first + every, days))):
            stream.write(runs.folder, f"{day}", [one for one in rows if one.on == day])
        before, published = runs.head, runs.metrics()
        after = runs.run()
        assert after is not None, runs.refused
        if before is not None:
            changes, last_day = runs.restatements(after), date.fromisoformat(before.watermark)
            assert broken_chains(changes) == []
            old, new = sums(published, last_day), sums(runs.metrics(), last_day)
            assert unaccounted(changes, old, new, before.schemas.keys() & after.schemas.keys()) == []
            assert "unexplained" not in changes["cause"]
    late = sum((one.on - date.fromisoformat(one.row[-1][:10])).days > 0 for one in rows)
    assert late > len(rows) / 20
    once = _at_once(tmp_path / "once", rows)
    assert unequal_tables(once.tables(), runs.metrics()) == []
    assert _digests(once) == _digests(runs)


def _digests(runs: Runs) -> set[tuple[str, str, str]]:
    assert runs.head is not None
    return {(file.table, file.partition, file.sha256) for file in runs.head.files if file.layer == "metrics"}


def test_rows_beyond_the_limit_wait_and_the_next_backfill_takes_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = stream.rows(75, seed=3)
    early = [one for one in rows if one.source == "orders" and one.row[2][:10] == f"{FIRST_DAY + timedelta(days=5)}"]
    runs = _runs(tmp_path / "limited", "max_late_days = 30")
    stream.write(runs.folder, "first", [one for one in rows if one not in early])
    first = runs.run()
    stream.write(runs.folder, "late", early)
    second = runs.run()
    assert first is not None
    assert second is not None
    assert early
    assert second.notes["orders"]["waiting"] == {"rows": len(early), "from": f"{FIRST_DAY + timedelta(days=5)}"}
    assert second.published() == first.published()
    everything = (FIRST_DAY, FIRST_DAY + timedelta(days=80))
    after = runs.run(again=everything)
    assert after is not None
    assert after.notes["orders"]["waiting"] is None
    once = _at_once(tmp_path / "once", rows)
    assert unequal_files(once, runs) == []
    # As after an update every file is read again, and each merged with itself.
    monkeypatch.setattr(ingest, "program_version", lambda: "newer")
    asked_for = ingest.pending(config.load(runs.folder / "holdfast.toml"), runs.head, again=everything).files
    assert [str(file) for file in asked_for] == ["inbox/orders/first.csv", "inbox/orders/late.csv"]
    assert runs.run(again=everything) is not None, runs.refused
    assert unequal_files(once, runs) == []


def _months(before: Manifest, after: Manifest, table: str) -> set[str]:
    """The months of a source with another content than before."""
    one, other = ({(f.partition, f.sha256) for f in manifest.of("sources", table)} for manifest in (before, after))
    return {partition.rpartition("=")[2] for partition, _ in one ^ other}


def _restated(runs: Runs, before: pl.DataFrame) -> set[str]:
    """The months of orders_daily whose whole (no segment) is another than before."""
    both = [frame.filter(pl.col("segment") == "all") for frame in (before, runs.tables()["orders_daily"])]
    differing = [one.join(other, on=one.columns, how="anti", nulls_equal=True) for one, other in (both, both[::-1])]
    return {f"{day:%Y-%m}" for day in pl.concat(differing)["date"]}


def test_a_correction_changes_exactly_the_months_it_touches(tmp_path: Path) -> None:
    """A tombstone, an order moved to another day, a customer's other channel: each taken in by a run of its own."""
    runs = _runs(tmp_path / "runs")
    firsts = [date(2026, month, 5) for month in range(1, 8)]
    orders = [order_row(f"{day}-{n}", n, day, 10 + n) for day in firsts for n in range(6)]
    newcomer = order_row("new", 9, date(2026, 5, 8), 70)
    everything = [Delivered("orders", row, firsts[0]) for row in (*orders, newcomer)]
    everything += [Delivered("customers", (f"c{n}", "ads", "2026-01-01"), firsts[0]) for n in (*range(6), 9)]
    corrections = [
        order_row("2026-03-05-1", 1, date(2026, 3, 5), 11, "cancelled", date(2026, 7, 6)),
        order_row("2026-04-05-2", 2, date(2026, 6, 20), 12, "paid", date(2026, 7, 6)),
        ("c9", "search", "2026-07-06"),
    ]
    stream.write(runs.folder, "first", everything)
    releases, daily_by_run = [runs.run()], []
    for number, row in enumerate(corrections):
        source = "orders" if len(row) == 6 else "customers"
        everything.append(Delivered(source, row, firsts[0]))
        stream.write(runs.folder, f"correction{number}", everything[-1:])
        published = runs.tables()["orders_daily"]
        releases.append(runs.run())
        daily_by_run.append(_restated(runs, published))
    made = [release for release in releases if release is not None]
    orders_by_run = [_months(*pair, "orders") for pair in pairwise(made)]
    assert orders_by_run == [{"2026-03"}, {"2026-04", "2026-06"}, set()]
    assert daily_by_run == [{"2026-03"}, {"2026-04", "2026-06"}, set()]
    touched_from = ("2026-03", "2026-04", "2026-05")
    for (before, after), first in zip(pairwise(made), touched_from, strict=True):
        kept = {file for file in before.published() if file.partition.startswith("month=")} & set(after.published())
        old = {file for file in before.published() if f"month={first}" > file.partition > "month="}
        assert old
        assert old <= kept
    assert unequal_files(_at_once(tmp_path / "once", everything), runs) == []
