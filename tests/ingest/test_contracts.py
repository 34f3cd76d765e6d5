"""What one delivery becomes: canonical rows, or quarantine with every reason."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.ingest.shop import Shop
from warehouse.errors import SourceError, UsageError

ORDERS = '[sources.orders]\npath = "inbox/*"\ncurrency = "USD"\n'
CHANGES = '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\n'
PERIODS = CHANGES + 'shape = "periods"\n'
EVENTS = '[sources.events]\npath = "inbox/*"\n'
CHANGE = "subscription_id,customer_id,effective_at,status,amount,interval"


def shop(folder: Path, toml: str, content: str, name: str = "a.csv") -> Shop:
    made = Shop(folder, toml)
    made.deliver(name, content)
    made.take_in()
    return made


def reasons(made: Shop, source: str) -> dict[int, str]:
    return {row["row"]: row["reasons"] for row in made.quarantine(source)}


def test_defaults_are_filled_in_and_codes_get_one_spelling(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS,
        "order_id,customer_id,ordered_at,amount,status,currency\n"
        "007, c1 ,2024-01-05,10.5,,eur\n"
        "8,c2,2024-01-05,-1,Canceled,\n",
    )
    rows = made.lake("orders").select("order_id", "customer_id", "refunded_amount", "status", "currency").rows()
    assert rows == [("007", "c1", Decimal(0), "paid", "EUR"), ("8", "c2", Decimal(0), "cancelled", "USD")]


def test_a_refund_without_an_amount_pays_all_of_it_back(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS,
        "order_id,customer_id,ordered_at,amount,status,refunded_amount\n"
        "1,c1,2024-01-05,10,refunded,\n2,c1,2024-01-05,10,refunded,0\n3,c1,2024-01-05,-5,refunded,\n"
        "4,c1,2024-01-05,10,paid,\n5,c1,2024-01-05,10,paid,-1\n",
    )
    assert made.lake("orders")["refunded_amount"].to_list() == [Decimal(10), Decimal(0), Decimal(-5), Decimal(0)]
    assert reasons(made, "orders") == {6: "refunded_amount is below 0"}


def test_a_bad_row_is_set_aside_with_all_reasons_its_line_and_itself(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS,
        "order_id,customer_id,ordered_at,amount,status,currency\n"
        "1,c1,2024-01-05,10,paid,USD\n"
        "2,,yesterday,1O,lost,dollar\n"
        "3,c3,1024-01-05,9999999999999,paid,\n",
    )
    assert reasons(made, "orders") == {
        3: "ordered_at is not a date or time that can be read; amount is not a number; customer_id is missing; "
        "status is none of paid, refunded, pending, cancelled; currency is not a three-letter code",
        4: "ordered_at is not between 1980 and 2099; amount is above 1000000000000",
    }
    assert json.loads(made.quarantine("orders")[0]["raw"]) == {
        "order_id": "2",
        "customer_id": None,
        "ordered_at": "yesterday",
        "amount": "1O",
        "status": "lost",
        "currency": "dollar",
    }
    assert [row["file"] for row in made.quarantine("orders")] == ["inbox/a.csv", "inbox/a.csv"]
    assert made.lake("orders")["order_id"].to_list() == ["1"]


def test_null_values_and_spaces_are_missing(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS + 'null_values = ["$null$", "N/A"]\n',
        "order_id,customer_id,ordered_at,amount,channel\n"
        "1,$null$,2024-01-05,10,x\n2,c2,2024-01-05,10, N/A \n3,   ,2024-01-05,1,\n",
    )
    assert reasons(made, "orders") == {2: "customer_id is missing", 4: "customer_id is missing"}
    assert made.lake("orders")["channel"].to_list() == [None]


def test_ids_written_as_floats_are_the_same_ids(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    time = datetime(2024, 1, 5, tzinfo=UTC)
    made.deliver(
        "a.parquet", pl.DataFrame({"order_id": [1], "customer_id": [17850.0], "ordered_at": [time], "amount": [0.1]})
    )
    made.deliver("b.csv", "order_id,customer_id,ordered_at,amount\n2,17850.0,2024-01-05,1\n3,017850,2024-01-05,1\n")
    made.deliver("c.jsonl", '{"order_id":4,"customer_id":17850,"ordered_at":"2024-01-05","amount":0.1}\n')
    made.take_in()
    assert made.lake("orders").select("order_id", "customer_id", "amount").rows() == [
        ("1", "17850", Decimal("0.1")),
        ("2", "17850", Decimal(1)),
        ("3", "017850", Decimal(1)),
        ("4", "17850", Decimal("0.1")),
    ]


def test_a_nested_column_cannot_be_an_id(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    rows = pl.DataFrame({"order_id": [[1]], "customer_id": ["c"], "ordered_at": [date(2024, 1, 5)], "amount": [1]})
    made.deliver("a.parquet", rows)
    with pytest.raises(SourceError, match=r"inbox/a\.parquet: sources\.orders\.columns\.order_id"):
        made.take_in()


def test_categories_are_text(tmp_path: Path) -> None:
    made = Shop(tmp_path, ORDERS)
    rows = pl.DataFrame({"order_id": ["1"], "customer_id": [" c "], "ordered_at": [date(2024, 1, 5)], "amount": [1]})
    made.deliver("a.parquet", rows.with_columns(pl.col("customer_id").cast(pl.Categorical)))
    made.take_in()
    assert made.lake("orders")["customer_id"].to_list() == ["c"]


def test_columns_are_expressions_and_where_is_counted_not_quarantined(tmp_path: Path) -> None:
    toml = ORDERS + (
        'where = "Quantity > 0"\n[sources.orders.columns]\norder_id = "Invoice No"\ncustomer_id = "Customer"\n'
        'ordered_at = "Day || \' \' || Time"\namount = "Quantity * Price"\n'
    )
    made = shop(
        tmp_path,
        toml,
        "Invoice No,Customer,Day,Time,Quantity,Price\n1,c1,2024-01-05,10:30,2,1.15\n2,c1,2024-01-05,10:30,-2,1\n"
        "3,c1,2024-01-05,10:30,many,1\n4,c1,2024-01-05,10:30,,1\n5,c1,2024-01-05,10:30,1,free\n",
    )
    assert made.lake("orders").select("order_id", "ordered_at", "amount").rows() == [
        ("1", datetime(2024, 1, 5, 10, 30, tzinfo=UTC), Decimal("2.3"))
    ]
    assert reasons(made, "orders") == {
        4: "where: Quantity is not a number; amount: Quantity is not a number",
        6: "amount: Price is not a number",
    }
    line = made.ledger("orders")["inbox/a.csv"]
    assert (line.rows_in, line.taken, line.quarantined, line.excluded_where) == (5, 1, 2, 2)


def test_lines_make_orders_and_a_bad_line_takes_its_order_along(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS + "lines = true\ndistinct_rows = true\n",
        "order_id,customer_id,ordered_at,amount,country\n"
        "1,c1,2024-01-05T10:00:00Z,1.5,\n1,c1,2024-01-05T09:00:00Z,2,FR\n1,c1,2024-01-05T09:00:00Z,2,FR\n"
        "2,c1,2024-01-05T10:00:00Z,1,\n2,c1,2024-01-05T10:00:00Z,x,\n"
        "3,c1,2024-01-05T10:00:00Z,1,\n3,c2,2024-01-05T10:00:00Z,1,\n",
    )
    assert made.lake("orders").select("order_id", "amount", "ordered_at", "country", "row").rows() == [
        ("1", Decimal("3.5"), datetime(2024, 1, 5, 9, tzinfo=UTC), "FR", 2)
    ]
    several = "the lines of its order name several values of customer_id"
    assert reasons(made, "orders") == {
        5: "another line of its order is in quarantine",
        6: "amount is not a number",
        7: several,
        8: several,
    }
    line = made.ledger("orders")["inbox/a.csv"]
    assert (line.rows_in, line.taken, line.quarantined, line.excluded_distinct, line.merged) == (7, 1, 4, 1, 1)


def test_changes_of_a_subscription(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        CHANGES,
        f"{CHANGE},quantity,discount_percent,current_period_end\n"
        "s1,c1,2024-01-05,Active,10,Month,,,2024-02-05\n"
        "s1,c1,2024-03-05,cancelled,,,,,\n"
        "s2,c1,2024-01-05,active,,month,,,\n"
        "s3,c1,2024-01-05,active,-1,fortnight,2.5,120,\n",
    )
    rows = made.lake("subscriptions").select("status", "amount", "interval", "interval_count", "quantity", "day").rows()
    assert rows == [
        ("active", Decimal(10), "month", 1, Decimal(1), date(2024, 1, 5)),
        ("canceled", Decimal(0), "month", 1, Decimal(1), date(2024, 3, 5)),
    ]
    assert made.lake("subscriptions")["current_period_end"][0] == date(2024, 2, 5)
    assert reasons(made, "subscriptions") == {
        4: "amount is missing",
        5: "amount is below 0; interval is none of day, week, month, quarter, year; discount_percent is above 100",
    }


def test_periods_of_a_subscription(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        PERIODS,
        "subscription_id,customer_id,started_at,ended_at,amount,interval\n"
        "s1,c1,2024-01-05,2024-02-05,10,month\n"
        "s1,c1,2024-03-05,,10,month\n"
        "s2,c1,2024-01-05,9999-12-31,10,month\n"
        "s3,c1,2024-01-05,2024-01-04,10,month\n"
        "s4,c1,,soon,10,month\n",
    )
    rows = made.lake("subscriptions").select("subscription_id", "effective_at", "ended_day", "status").rows()
    assert rows == [
        ("s1", datetime(2024, 1, 5, tzinfo=UTC), date(2024, 2, 5), "active"),
        ("s1", datetime(2024, 3, 5, tzinfo=UTC), None, "active"),
        ("s2", datetime(2024, 1, 5, tzinfo=UTC), None, "active"),
    ]
    assert reasons(made, "subscriptions") == {
        5: "it ends before it starts",
        6: "ended_at is not a date or time that can be read; started_at is missing",
    }


def test_an_inclusive_end_is_active_to_its_end(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        PERIODS + "ends_inclusive = true\n",
        "subscription_id,customer_id,started_at,ended_at,amount,interval\ns1,c1,2024-01-05,2024-01-31,10,month\n",
    )
    assert made.lake("subscriptions")["ended_day"].to_list() == [date(2024, 2, 1)]


def test_an_event_without_a_customer_is_its_users(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        EVENTS,
        '{"user_id":"u1","occurred_at":"2024-01-05T10:00:00Z","event_name":"login","value":1.5}\n'
        '{"user_id":"u1","customer_id":"c9","occurred_at":"2024-01-05T10:00:00Z","event_name":"login"}\n'
        '{"user_id":null,"occurred_at":"2024-01-05T10:00:00Z","event_name":""}\n',
        "a.jsonl",
    )
    assert made.lake("events")["customer_id"].to_list() == ["u1", "c9"]
    assert reasons(made, "events") == {3: "user_id is missing; customer_id is missing; event_name is missing"}


def test_times_that_daylight_saving_makes_odd_are_counted(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS + 'time_zone = "Europe/London"\n',
        "order_id,customer_id,ordered_at,amount\n1,c1,2024-03-31 01:30:00,1\n2,c1,2024-10-27 01:30:00,1\n",
    )
    line = made.ledger("orders")["inbox/a.csv"]
    assert (line.taken, line.dst_gaps, line.dst_overlaps) == (2, 1, 1)


@pytest.mark.parametrize(
    ("toml", "content", "error", "words"),
    [
        (ORDERS, "order_id,ordered_at,amount\n1,2024-01-05,1\n", SourceError, ["inbox/a.csv", "'customer_id'"]),
        (ORDERS, "order_id,custmer_id,ordered_at,amount\n", SourceError, ["Did you mean custmer_id?"]),
        (
            ORDERS + '[sources.orders.columns]\namount = "Quantity * Price"\n',
            "order_id,customer_id,ordered_at,Price\n1,c1,2024-01-05,1\n",
            SourceError,
            ["inbox/a.csv", "'Quantity'", "sources.orders.columns.amount"],
        ),
        (
            ORDERS + 'where = "Quantity >"\n',
            "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,1\n",
            UsageError,
            ["sources.orders.where", "Quantity >"],
        ),
        (
            ORDERS + 'where = "amount * 2"\n',
            "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,1\n",
            UsageError,
            ["sources.orders.where", "boolean"],
        ),
        (
            ORDERS.replace('currency = "USD"\n', ""),
            "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,1\n",
            UsageError,
            ["sources.orders.currency", "USD"],
        ),
    ],
)
def test_what_a_whole_file_lacks_stops_the_run(
    tmp_path: Path, toml: str, content: str, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as raised:
        shop(tmp_path, toml, content)
    for word in words:
        assert word in str(raised.value)


def test_an_empty_file_is_in_the_ledger(tmp_path: Path) -> None:
    made = shop(tmp_path, ORDERS.replace('currency = "USD"\n', ""), "")
    line = made.ledger("orders")["inbox/a.csv"]
    assert (line.rows_in, line.taken, line.first_day) == (0, 0, None)
    assert made.pending() == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            "a.csv",
            "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,10\n2,c2,2024-01-05,1,500\n3,c3,2024-01-06,30\n",
            "5 fields, 4 in the header: quote what holds commas",
        ),
        (
            "a.jsonl",
            '{"order_id":"1","customer_id":"c1","ordered_at":"2024-01-05","amount":10}\n{"order_id":"2","custom\n'
            '{"order_id":"3","customer_id":"c3","ordered_at":"2024-01-06","amount":30}\n',
            "not JSON: Unterminated string starting at at column 17",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_alone(tmp_path: Path, name: str, content: str, why: str) -> None:
    made = shop(tmp_path, ORDERS, content, name)
    assert made.lake("orders")["order_id"].to_list() == ["1", "3"]
    row = 2 if name == "a.jsonl" else 3
    [bad] = made.quarantine("orders")
    assert (bad["file"], bad["row"], bad["id"], bad["reasons"]) == (f"inbox/{name}", row, None, why)
    assert "500" in bad["raw"] if name == "a.csv" else bad["raw"] == '{"order_id":"2","custom'
    line = made.ledger("orders")[f"inbox/{name}"]
    assert (line.rows_in, line.taken, line.quarantined) == (3, 2, 1)
    rest = '"customer_id":"c2","ordered_at":"2024-01-05","amount":15}\n'
    made.deliver(name, content.replace("1,500", "15").replace('"custom\n', rest))
    made.take_in()
    assert made.quarantine("orders") == []
    assert made.lake("orders")["order_id"].to_list() == ["1", "2", "3"]


@pytest.mark.parametrize("setting", ["lines", "full_extract"])
def test_where_an_unreadable_row_would_falsify_others_the_file_is_refused(tmp_path: Path, setting: str) -> None:
    rows = "order_id,customer_id,ordered_at,amount\n1,c1,2024-01-05,10\n1,c1,2024-01-05,1,500\n"
    with pytest.raises(SourceError, match=rf"a\.csv, line 3: 5 fields.*sources\.orders\.{setting}"):
        shop(tmp_path, ORDERS + f"{setting} = true\n", rows)


def test_more_paid_back_than_paid_is_set_aside(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS,
        "order_id,customer_id,ordered_at,amount,refunded_amount\n"
        "1,c1,2024-01-05,10,10\n2,c1,2024-01-05,10,10.01\n3,c1,2024-01-05,-5,0\n4,c1,2024-01-05,0,1\n",
    )
    assert reasons(made, "orders") == {
        3: "refunded_amount is above amount",
        5: "refunded_amount is above amount",
    }


def test_of_order_lines_the_sums_count(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        ORDERS + "lines = true\n",
        "order_id,customer_id,ordered_at,amount,refunded_amount\n"
        "1,c1,2024-01-05,10,15\n1,c1,2024-01-05,10,\n2,c1,2024-01-05,10,10\n2,c1,2024-01-05,5,6\n",
    )
    assert made.lake("orders")["order_id"].to_list() == ["1"]
    assert set(reasons(made, "orders").values()) == {"the refunded_amount of its order is above its amount"}
