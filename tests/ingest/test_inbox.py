from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import ingest
from tests.ingest.shop import Shop
from warehouse import inbox, ledger
from warehouse.errors import SourceError, UsageError
from warehouse.inbox import InboxFile
from warehouse.manifest import Held

ORDERS = '[sources.orders]\npath = "inbox/**/*"\ncurrency = "USD"\n'
FILE = "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,10\n2,c2,2024-02-06,20\n"
YEAR = (date(2024, 1, 1), date(2024, 12, 31))


def test_hidden_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    for name in ("a.csv", "deep/b.csv", ".c.csv", "_d.csv", "_later/e.csv", "deep/.f.csv.gz"):
        made.deliver(name, FILE)
    assert made.pending() == ["inbox/a.csv", "inbox/deep/b.csv"]


def test_a_folder_that_the_path_itself_names_is_not_hidden(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS.replace("inbox/**/*", "inbox/_export/*.csv"))
    made.deliver("_export/a.csv", FILE)
    assert made.pending() == ["inbox/_export/a.csv"]


def test_a_file_with_an_unknown_ending_is_a_mistake_of_the_path(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.txt", FILE)
    with pytest.raises(UsageError, match=r"sources\.orders\.path: inbox/a\.txt"):
        made.pending()


def test_nothing_is_pending_after_it_was_taken_even_with_a_new_time(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    path = made.deliver("a.csv", FILE)
    made.take_in()
    assert made.pending() == []
    os.utime(path, ns=(0, 0))
    assert made.pending() == []
    made.deliver("a.csv", FILE.replace("20", "21"))
    assert made.pending() == ["inbox/a.csv"]


@pytest.mark.parametrize(
    ("change", "pending"),
    [
        (lambda noted: noted | {"inbox_columns": [*noted["inbox_columns"], "colour"]}, []),
        (lambda noted: noted | {"inbox": {path: [*values, "red"] for path, values in noted["inbox"].items()}}, []),
        (
            lambda noted: noted | {"inbox": {path: values[:4] for path, values in noted["inbox"].items()}},
            ["inbox/a.csv"],
        ),
        (lambda noted: noted | {"inbox_columns": ["size", "time"]}, ["inbox/a.csv"]),
        (lambda noted: noted | {"inbox": dict.fromkeys(noted["inbox"], "4711")}, ["inbox/a.csv"]),
    ],
    ids=["one name more", "one value more", "fewer values", "other names", "not a list"],
)
def test_notes_of_another_version_are_read_by_name_or_the_file_is_looked_at_anew(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], pending: list[str]
) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.take_in()
    assert made.head is not None
    made.head = replace(made.head, notes={"orders": change(made.notes("orders"))})
    assert made.pending() == pending
    made.take_in()
    assert made.lake("orders")["order_id"].to_list() == ["1", "2"]
    assert made.ledger("orders")["inbox/a.csv"].taken == 2
    assert made.pending() == []


def test_a_ledger_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.take_in()
    assert made.head is not None
    [file] = made.head.of("ledger", "files")
    fewer = pl.read_parquet(made.store.path(file)).drop("waiting", "waits_before")
    older = made.store.write("ledger", "files", file.partition, fewer)
    line = ledger.read(made.store, {file.partition: older}, "orders")["inbox/a.csv"]
    assert (line.taken, line.waiting, line.waits_before) == (2, 0, None)


def test_files_are_read_again_where_they_are_to_be_read_in_another_way(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.take_in()
    made.configure(ORDERS + 'where = "amount > 15"\n')
    assert made.pending() == ["inbox/a.csv"]
    made.take_in()
    assert made.lake("orders")["order_id"].to_list() == ["2"]
    assert made.notes("orders")["touched_from"] == "2024-01-05"


def test_a_file_that_is_still_being_written_is_left_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Shop(tmp_path, ORDERS)
    path = made.deliver("a.csv", FILE)
    made.deliver("b.csv", FILE.replace("\n1", "\n8").replace("\n2", "\n9"))
    read = Path.read_bytes

    def grows(self: Path) -> bytes:
        content = read(self)
        if self == path:
            self.write_bytes(content + b"3,c3,2024-03-05,30\n")
        return content

    monkeypatch.setattr(Path, "read_bytes", grows)
    made.take_in()
    monkeypatch.undo()
    assert made.lake("orders")["order_id"].to_list() == ["8", "9"]
    assert any("still being written" in line for line in made.lines)
    assert made.pending() == ["inbox/a.csv"]
    made.take_in()
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3", "8", "9"]


def test_a_file_that_was_seen_with_another_size_is_not_read(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    seen = inbox.discover(made.config, "orders")[0]
    assert inbox.read_still(made.config, seen) == FILE.encode()
    assert inbox.read_still(made.config, replace(seen, size=1)) is None
    assert inbox.read_still(made.config, InboxFile("inbox/gone.csv", 1, 1)) is None


def test_a_quick_look_tells_the_days_that_are_new(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS + '[sources.fx_rates]\npath = "rates/*.csv"\n')
    made.deliver("a.csv", FILE)
    made.deliver(
        "b.csv", FILE.replace("2024-02-06", "2024-03-07").replace("2024-01-05", "never") + "3,c3,0024-01-05,1\n"
    )
    (tmp_path / "rates").mkdir()
    (tmp_path / "rates" / "r.csv").write_text("date,currency,rate\n1999-01-04,EUR,1.1\n")
    found = ingest.pending(made.config, None)
    assert (found.first_day(), found.last_day()) == (date(2024, 1, 5), date(2024, 3, 7))
    assert bool(found)
    made.take_in()
    nothing = ingest.pending(made.config, made.head)
    assert (nothing.first_day(), nothing.last_day(), bool(nothing)) == (None, None, False)


def test_a_backfill_reads_the_files_of_its_days_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another program: its rows could be others."""
    made = Shop(tmp_path, ORDERS)
    made.deliver("jan.csv", FILE.replace("2024-02-06", "2024-01-31"))
    made.deliver("feb.csv", FILE.replace("2024-01-05", "2024-02-01").replace("\n1", "\n8").replace("\n2", "\n9"))
    made.take_in()
    monkeypatch.setattr(ingest, "program_version", lambda: "newer")
    found = ingest.pending(made.config, made.head, again=(date(2024, 1, 31), date(2024, 1, 31)))
    assert [str(file) for file in found.files] == ["inbox/jan.csv"]
    assert len(ingest.pending(made.config, made.head, again=(date(2024, 1, 31), date(2024, 9, 1))).files) == 2
    (tmp_path / "inbox" / "feb.csv").unlink()
    before = made.lake("orders")
    result = made.take_in(again=YEAR)["orders"]
    assert [line.path for line in result.taken] == ["inbox/jan.csv"]
    assert made.lake("orders").equals(before)
    assert made.notes("orders")["touched_from"] is None


def test_a_backfill_reads_no_file_that_says_what_it_said(tmp_path: Path) -> None:
    """But one of other bytes with the size and the time with which it was taken."""
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    path = made.deliver("b.csv", FILE.replace("\n1", "\n8").replace("\n2", "\n9"))
    made.take_in()
    stat = path.stat()
    path.write_text(path.read_text().replace("20\n", "21\n"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert made.pending() == []
    assert [line.path for line in made.take_in(again=YEAR)["orders"].taken] == ["inbox/b.csv"]
    assert made.lake("orders").filter(order_id="9", is_current=True)["amount"].to_list() == [Decimal(21)]
    before = made.lake("orders")
    assert made.take_in(again=YEAR)["orders"].taken == ()
    assert made.lake("orders").equals(before)


def test_a_backfill_reads_files_of_which_an_earlier_version_noted_less(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.take_in()
    noted = made.notes("orders")
    names = [name for name in noted["inbox_columns"] if name not in ("waits_before", "read_by")]
    older = {"inbox_columns": names, "inbox": {path: noted["inbox"][path][: len(names)] for path in noted["inbox"]}}
    assert made.head is not None
    made.head = replace(made.head, notes={"orders": noted | older})
    assert made.pending() == []
    assert [line.path for line in made.take_in(again=YEAR)["orders"].taken] == ["inbox/a.csv"]
    assert made.take_in(again=YEAR)["orders"].taken == ()


def test_rows_that_are_too_late_wait_for_a_backfill(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS + "[days]\nmax_late_days = 20\n")
    made.deliver("a.csv", FILE)
    made.take_in(watermark="2024-02-06")
    assert made.lake("orders")["order_id"].to_list() == ["1", "2"]
    late = "order_id,customer_id,ordered_at,amount\n3,c3,2024-01-17,30\n4,c3,2024-01-16,40\n5,c3,2024-01-01,50\n"
    made.deliver("b.csv", late)
    made.take_in(watermark="2024-02-06")
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3"]
    line = made.ledger("orders")["inbox/b.csv"]
    assert (line.rows_in, line.taken, line.waiting, line.first_day) == (3, 1, 2, date(2024, 1, 1))
    made.deliver("b.csv", late + "6,c3,2024-01-15,60\n7,c3,2024-02-05,70\n")
    made.deliver("a.csv", FILE.replace("20\n", "21\n"))
    made.take_in(watermark="2024-03-31")
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3", "7"]
    made.take_in(again=(date(2024, 1, 10), date(2024, 3, 31)), watermark="2024-03-31")
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3", "4", "6", "7"]
    assert made.ledger("orders")["inbox/b.csv"].waiting == 1
    # Of these days nothing waits any more.
    assert ingest.pending(made.config, made.head, again=(date(2024, 1, 10), date(2024, 3, 31))).files == ()
    earlier = ingest.pending(made.config, made.head, again=(date(2024, 1, 9), date(2024, 3, 31)))
    assert [str(file) for file in earlier.files] == ["inbox/b.csv"]
    made.configure(ORDERS)
    made.take_in(again=(date(2024, 1, 10), date(2024, 3, 31)), watermark="2024-03-31")
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3", "4", "5", "6", "7"]


def test_deliveries_that_a_rollback_held_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.take_in()
    before = made.head
    made.deliver("b.csv", FILE.replace("\n1", "\n8"))
    made.take_in()
    taken = made.ledger("orders")["inbox/b.csv"]
    assert before is not None
    made.head = replace(before, number=3, held=(Held("orders", taken.path, taken.sha256),))
    assert made.pending() == []
    assert ingest.pending(made.config, made.head).held == made.head.held
    assert [str(file) for file in ingest.pending(made.config, made.head, retake=True).files] == ["inbox/b.csv"]
    made.deliver("b.csv", FILE.replace("\n1", "\n9"))
    assert made.pending() == ["inbox/b.csv"]


def test_a_file_that_cannot_be_read_stops_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILE)
    made.deliver("b.csv", b"order_id,customer_id,ordered_at,amount\n1,c\xff,2024-01-05,10\n")
    with pytest.raises(SourceError, match=r"inbox/b\.csv, line 2"):
        made.take_in()
    assert made.head is None
    made.deliver("b.csv", FILE)
    made.take_in()
    assert made.lake("orders").height == 2
