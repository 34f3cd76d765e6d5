"""Which version counts, whatever the order and cut of deliveries."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.ingest.shop import Shop

ORDERS = '[warehouse]\nshards = 4\n[sources.orders]\npath = "inbox/*"\ncurrency = "USD"\n'
EVENTS = '[sources.events]\npath = "inbox/*"\n'
HEADER = "order_id,customer_id,ordered_at,amount,updated_at\n"

FILES = {
    # Order 1 moves to another customer and month; 2 has no updated_at anywhere; 3 has, in the earlier file.
    "a.csv": HEADER + "1,c1,2024-01-05,10,2024-01-05T10:00:00Z\n2,c2,2024-01-06,20,\n3,c3,2024-01-07,30,2024-01-08\n",
    "b.csv": HEADER + "1,c9,2024-02-05,11,2024-01-05T11:00:00Z\n2,c2,2024-01-06,21,\n3,c3,2024-01-07,31,\n",
    # Order 1 once more, older; order 4 twice in one file.
    "c.csv": HEADER + "1,c1,2024-01-05,12,2024-01-04T10:00:00Z\n4,c4,2024-03-01,40,\n4,c4,2024-03-01,41,\n",
}
CURRENT = [
    ("1", "c9", date(2024, 2, 5), Decimal(11)),
    ("2", "c2", date(2024, 1, 6), Decimal(21)),
    ("3", "c3", date(2024, 1, 7), Decimal(30)),
    ("4", "c4", date(2024, 3, 1), Decimal(41)),
]


def orders(made: Shop) -> list[tuple[object, ...]]:
    return made.lake("orders").sort("order_id").select("order_id", "customer_id", "day", "amount").rows()


def check_ledger(made: Shop, source: str = "orders") -> None:
    """Every row of every file is accounted for, and the lake holds what the ledger says."""
    lake = made.lake(source, every_version=True)
    for path, line in made.ledger(source).items():
        counted = line.taken + line.quarantined + line.excluded_where + line.excluded_distinct + line.merged
        assert counted == line.rows_in, path
        rows = lake.filter(file=path)
        assert (rows.height, rows.filter(~pl.col("is_current")).height) == (line.taken, line.superseded), path


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)))
@pytest.mark.parametrize("runs", [1, 2, 3])
def test_any_order_of_delivery_gives_the_same_rows(tmp_path: Path, order: tuple[str, ...], runs: int) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver_all(FILES, order, runs)
    assert orders(made) == CURRENT
    assert made.notes("orders")["newest_day"] == "2024-03-01"
    check_ledger(made)


@pytest.mark.parametrize("source", ["orders", "events", "subscriptions"])
def test_more_than_fits_in_memory_gives_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    configured = {
        "orders": ORDERS,
        "events": EVENTS,
        "subscriptions": '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\nfull_extract = true\n',
    }[source]
    files = {
        "orders": FILES,
        "events": {
            name: "event_id,user_id,customer_id,occurred_at,event_name\n"
            + "".join(f"{n % 7 or ''},u{n % 5},c{n % 3},2024-0{n % 4 + 1}-05,x\n" for n in range(at, at + 30))
            for at, name in enumerate(FILES)
        },
        "subscriptions": {
            name: "subscription_id,customer_id,effective_at,status,amount,interval\n"
            + "".join(f"s{n},c{n % 3},2024-0{n % 4 + 1}-05,active,{n},month\n" for n in range(at, at + 9))
            for at, name in enumerate(FILES)
        },
    }[source]
    lakes = []
    for bound in (10**9, 2):
        monkeypatch.setattr("warehouse.arrivals.ROWS_IN_MEMORY", bound)
        monkeypatch.setattr("warehouse.lake.ROWS_JUDGED_AT_ONCE", bound)
        monkeypatch.setattr("warehouse.lake.HASHES_AT_ONCE", bound)
        (tmp_path / str(bound)).mkdir()
        made = Shop(tmp_path / str(bound), configured)
        for name, content in files.items():
            made.deliver(name, content)
            if name != "a.csv":
                made.take_in()
        assert made.draft is not None
        assert not (made.draft.folder / "arrivals").exists() or not any((made.draft.folder / "arrivals").iterdir())
        check_ledger(made, source)
        lakes.append((made.lake(source, every_version=True), made.notes(source)["touched_from"]))
    assert lakes[0][0].equals(lakes[1][0])
    assert lakes[0][1] == lakes[1][1]


def test_a_changed_file_replaces_its_former_self(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILES["a.csv"])
    made.deliver("b.csv", FILES["b.csv"] + "5,c5,2024-04-01,x,\n")
    made.take_in()
    assert len(made.quarantine("orders")) == 1
    made.deliver("b.csv", HEADER + "2,c2,2024-01-06,22,\n")
    made.take_in()
    assert orders(made) == [
        ("1", "c1", date(2024, 1, 5), Decimal(10)),
        ("2", "c2", date(2024, 1, 6), Decimal(22)),
        ("3", "c3", date(2024, 1, 7), Decimal(30)),
    ]
    assert made.quarantine("orders") == []
    assert made.notes("orders")["touched_from"] == "2024-01-05"
    check_ledger(made)


def test_the_same_rows_again_touch_nothing(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILES["a.csv"])
    made.take_in()
    made.deliver("b.csv", FILES["a.csv"])
    made.take_in()
    notes = made.notes("orders")
    assert (notes["touched_from"], notes["changed"], notes["files"]) == (None, False, 2)
    made.deliver("a.csv", FILES["a.csv"] + "9,c9,2024-05-05,1,\n")
    made.take_in()
    assert made.notes("orders")["touched_from"] == "2024-05-05"


def test_only_partitions_that_change_are_written(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILES["a.csv"])
    made.deliver("c.csv", FILES["c.csv"])
    made.take_in()
    made.deliver("d.csv", HEADER + "4,c4,2024-03-02,42,\n")
    made.take_in()
    assert made.draft is not None
    assert {name.partition("/")[2] for name in made.draft.changed("sources", "orders")} == {"month=2024-03"}
    assert made.draft.changed("sources", "person_codes") == set()


def test_taking_in_twice_in_one_draft_is_taking_in_once(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("a.csv", FILES["a.csv"])
    made.take_in()
    assert made.draft is not None
    before, notes = made.draft.all_files(), made.draft.notes("orders")
    made.head = None
    made.take_in()
    assert made.draft.all_files() == before
    assert made.draft.notes("orders") == notes


def test_a_person_keeps_its_code(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    made.deliver("b.csv", FILES["b.csv"])
    made.take_in()
    first = dict(made.lake("orders").select("customer_id", "customer").rows())
    made.deliver("a.csv", FILES["a.csv"] + "".join(f"{n},new{n},2024-01-05,1,\n" for n in range(10, 60)))
    made.take_in()
    later = dict(made.lake("orders").select("customer_id", "customer").rows())
    assert {name: later[name] for name in first} == first
    assert made.head is not None
    codes = made.store.scan(made.head.of("sources", "person_codes")).collect()
    assert codes.height == 54
    for file in made.head.of("sources", "person_codes"):
        numbers = pl.read_parquet(made.store.path(file))["code"].sort().to_list()
        assert numbers == list(range(len(numbers)))


def test_events_without_an_id_are_one_where_they_agree_in_everything(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    header = "user_id,occurred_at,event_name,value\n"
    made.deliver("a.csv", header + "u1,2024-01-05T10:00:00Z,login,1\nu1,2024-01-05T10:00:00Z,login,1.0\n")
    made.deliver("b.csv", header + "u1,2024-01-05T10:00:00Z,login,1\nu1,2024-01-05T10:00:00Z,login,2\n")
    made.take_in()
    assert made.lake("events").select("file", "row", "value").rows() == [
        ("inbox/b.csv", 2, Decimal(1)),
        ("inbox/b.csv", 3, Decimal(2)),
    ]
    check_ledger(made, "events")
    made.deliver("b.csv", header + "u1,2024-01-05T10:00:00Z,login,2\n")
    made.take_in()
    assert made.lake("events").select("file", "row", "value").rows() == [
        ("inbox/a.csv", 3, Decimal(1)),
        ("inbox/b.csv", 2, Decimal(2)),
    ]
    assert made.notes("events")["touched_from"] is None
    check_ledger(made, "events")


def test_of_events_with_an_id_the_last_received_counts(tmp_path: Path) -> None:
    made = Shop(tmp_path, EVENTS)
    header = "event_id,user_id,occurred_at,event_name,received_at\n"
    made.deliver("a.csv", header + "e1,u1,2024-01-05T10:00:00Z,late,2024-01-07\n")
    made.take_in()
    made.deliver("b.csv", header + "e1,u2,2024-02-05T10:00:00Z,early,2024-01-06\n")
    made.take_in()
    assert made.lake("events")["event_name"].to_list() == ["late"]
    assert made.notes("events")["touched_from"] is None


def test_changes_without_an_id_are_known_by_subscription_and_moment(tmp_path: Path) -> None:
    made = Shop(tmp_path, '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\n')
    header = "change_id,subscription_id,customer_id,effective_at,status,amount,interval\n"
    made.deliver("a.csv", header + ",s1,c1,2024-01-05,active,10,month\nk,s1,c1,2024-02-05,active,11,month\n")
    made.deliver("b.csv", header + ",s1,c1,2024-01-05,active,12,month\nk,s1,c1,2024-03-05,active,13,month\n")
    made.take_in()
    assert made.lake("subscriptions").select("day", "amount").rows() == [
        (date(2024, 1, 5), Decimal(12)),
        (date(2024, 3, 5), Decimal(13)),
    ]


def test_a_full_extract_takes_back_what_it_misses(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS + "full_extract = true\n")
    made.deliver("2024-01.csv", HEADER + "1,c1,2024-01-05,10,\n2,c2,2024-01-06,20,\n")
    made.take_in()
    made.deliver("2024-02.csv", HEADER + "2,c2,2024-01-06,20,\n3,c3,2024-02-07,30,\n")
    made.take_in()
    assert made.lake("orders")["order_id"].to_list() == ["2", "3"]
    assert made.notes("orders")["touched_from"] == "2024-01-05"
    made.deliver("2023-12.csv", HEADER + "1,c1,2024-01-05,10,2099-01-01\n9,c9,2023-12-05,90,\n")
    made.take_in()
    assert made.lake("orders")["order_id"].to_list() == ["2", "3"]
    check_ledger(made)


def test_in_a_full_extract_a_bad_row_is_there_all_the_same(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS + "full_extract = true\n")
    made.deliver("1.csv", HEADER + "1,c1,2024-01-05,10,\n2,c2,2024-01-06,20,\n3,c3,2024-01-07,30,\n")
    made.deliver("2.csv", HEADER + "1,c1,2024-01-05,1O,\n2,c2,2024-01-06,21,\n")
    made.take_in()
    assert made.lake("orders").select("order_id", "file").rows() == [("1", "inbox/1.csv"), ("2", "inbox/2.csv")]
    made.deliver("0.csv", "")
    made.deliver("3.csv", "")
    made.take_in()
    assert made.lake("orders").select("order_id", "file").rows() == [("1", "inbox/1.csv"), ("2", "inbox/2.csv")]
    check_ledger(made)


@pytest.mark.parametrize("runs", [1, 3])
def test_a_subscription_gone_from_a_full_extract_keeps_its_past_and_the_day_it_went(tmp_path: Path, runs: int) -> None:
    made = Shop(tmp_path, '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\nfull_extract = true\n')
    header = "subscription_id,customer_id,effective_at,status,amount,interval\n"
    stays = "s2,c2,2024-01-06,active,20,month\n"
    files = {
        "2024-01.csv": stays + "s1,c1,2024-01-05,active,10,month\n",
        "2024-02.csv": stays + "s3,c3,2024-02-07,active,30,month\n",
        "2024-03.csv": stays + "s3,c3,2024-02-07,active,30,month\ns4,c4,2024-03-08,active,1,day\n",
    }
    for name, rows in files.items():
        made.deliver(name, header + rows)
        if runs > 1:
            made.take_in()
    if runs == 1:
        made.take_in()
    assert made.lake("subscriptions").sort("subscription_id").select("subscription_id", "gone_day").rows() == [
        ("s1", date(2024, 2, 8)),
        ("s2", None),
        ("s3", None),
        ("s4", None),
    ]
    check_ledger(made, "subscriptions")


def test_a_changed_attribute_restates_its_customer_from_the_first_day_on(tmp_path: Path) -> None:
    made = Shop(tmp_path, '[sources.customers]\npath = "inbox/*"\n')
    header = "customer_id,channel,country\n"
    made.deliver("a.csv", header + "c1,ads,FR\nc2,ads,\nc3,,\n")
    made.take_in()
    days = {"c1": date(2024, 1, 5), "c2": date(2023, 4, 6), "c3": date(2022, 1, 1)}
    people = pl.DataFrame({"kind": "customer", "id": list(days), "first_day": list(days.values())})
    assert made.head is not None
    made.head = replace(made.head, files=(*made.head.files, made.store.write("states", "people", "shard=00", people)))
    made.deliver("b.csv", header + "c1,seo,FR\nc2,ads,\nc4,ads,DE\n")
    made.take_in()
    assert made.notes("customers")["touched_from"] == "2024-01-05"
    made.deliver("c.csv", header + "c2,ads,IT\n")
    made.take_in()
    assert made.notes("customers")["touched_from"] == "2023-04-06"
