"""What real exports did to naive code, one small file each: what the product makes of it, and what the gate says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from quality import deliveries, periods, profile
from quality.rejected import Rejected
from quality.verdict import Observation
from tests.ingest.shop import Shop
from tests.quality.shop import fails
from warehouse import catalog
from warehouse.bounds import Bounds

ORDERS = '[sources.orders]\npath = "inbox/*"\ncurrency = "GBP"\n'
HEADER = "order_id,customer_id,ordered_at,amount\n"
PERIODS = '[sources.subscriptions]\npath = "inbox/*"\ncurrency = "USD"\nshape = "periods"\n'
PERIOD = "subscription_id,customer_id,started_at,ended_at,amount,interval\n"


def shop(folder: Path, toml: str, content: str) -> Shop:
    folder.mkdir(exist_ok=True)
    made = Shop(folder, toml)
    made.deliver("a.csv", content)
    made.take_in(watermark="2024-03-31")
    return made


def judged(made: Shop, source: str = "orders") -> dict[tuple[str, str], Observation]:
    """What the gate's checks of the delivery find wrong."""
    assert made.head is not None
    entry = catalog.load()[source]
    measured = profile.measure(entry, made.head, made.store, None)
    rows = sum(file.rows for file in made.head.of("sources", source))
    found = deliveries.observe(measured, Rejected(source, made.head, made.store), rows, Bounds())
    if source == "subscriptions":
        found += periods.overlapping(measured, made.head, made.store, Bounds())
    return {(one.severity, one.check): one for one in found if fails(one)}


def test_a_quarter_of_the_rows_without_a_customer_is_set_aside_and_warned_of(tmp_path: Path) -> None:
    rows = "".join(f"{n},{'' if n % 4 == 0 else n},2024-03-{n % 28 + 1:02},5\n" for n in range(100))
    made = shop(tmp_path, ORDERS, HEADER + rows)
    assert made.lake("orders").height == 75
    found = judged(made)
    assert set(found) == {("warning", "share in quarantine")}
    assert "customer_id is missing (25 rows)" in found["warning", "share in quarantine"].message


def test_exact_duplicates_count_once_and_are_counted(tmp_path: Path) -> None:
    line = "536365,17850,2010-12-01 08:26,15.30\n"
    made = shop(tmp_path, ORDERS + "distinct_rows = true\nlines = true\n", HEADER + line * 3)
    assert made.lake("orders")["amount"].to_list() == [Decimal("15.3")]
    entry = made.ledger("orders")["inbox/a.csv"]
    assert (entry.rows_in, entry.taken, entry.excluded_distinct) == (3, 1, 2)


def test_cancellations_as_negative_lines_are_left_out_by_a_named_rule(tmp_path: Path) -> None:
    made = shop(
        tmp_path, ORDERS + "where = \"order_id NOT LIKE 'C%'\"\n", HEADER + "1,a,2024-03-01,9\nC1,a,2024-03-02,-9\n"
    )
    entry = made.ledger("orders")["inbox/a.csv"]
    assert (entry.taken, entry.excluded_where, entry.quarantined) == (1, 1, 0)


def test_inclusive_ends_told_as_exclusive_overlap_and_are_said(tmp_path: Path) -> None:
    rows = "s1,c1,2024-01-01,2024-02-01,10,month\ns1,c1,2024-02-01,2024-03-01,10,month\n"
    assert judged(shop(tmp_path / "half-open", PERIODS, PERIOD + rows), "subscriptions") == {}
    wrong = judged(shop(tmp_path / "inclusive", PERIODS + "ends_inclusive = true\n", PERIOD + rows), "subscriptions")
    assert set(wrong) == {("warning", "periods do not overlap")}
    assert "ends_inclusive" in wrong["warning", "periods do not overlap"].message


def test_other_words_for_nothing_marks_blank_rows_and_spaces(tmp_path: Path) -> None:
    content = (
        "\ufeff"
        + HEADER
        + "0012,0007,2024-03-01,5\n\n,,,\n13,$null$,2024-03-01,5\n14,   ,2024-03-01,5\n15,c9, 2024-03-01 ,5\n"
    )
    made = shop(tmp_path, ORDERS + 'null_values = ["$null$"]\n', content)
    assert made.lake("orders").select("order_id", "customer_id").rows() == [("0012", "0007"), ("15", "c9")]
    assert {row["reasons"] for row in made.quarantine("orders") if row["id"] in ("13", "14")} == {
        "customer_id is missing"
    }


def test_dates_as_written_in_the_states_are_read_and_a_day_first_makes_all_of_them_doubtful(tmp_path: Path) -> None:
    right = shop(tmp_path / "us", ORDERS, HEADER + "1,a,3/4/2024,5\n2,a,03/14/2024 9:30,5\n")
    assert right.lake("orders")["day"].to_list() == [date(2024, 3, 4), date(2024, 3, 14)]
    doubtful = shop(tmp_path / "uk", ORDERS, HEADER + "1,a,3/4/2024,5\n2,a,14/3/2024,5\n")
    assert doubtful.lake("orders").height == 0
    assert [row["row"] for row in doubtful.quarantine("orders")] == [2, 3]


def test_negative_charges_never_reach_the_recurring_revenue(tmp_path: Path) -> None:
    made = shop(tmp_path, PERIODS, PERIOD + "s1,c1,2024-01-01,,-10,month\ns2,c2,2024-01-01,,10,month\n")
    assert made.lake("subscriptions")["subscription_id"].to_list() == ["s2"]
    assert [row["reasons"] for row in made.quarantine("subscriptions")] == ["amount is below 0"]


@pytest.mark.parametrize("flag", ["churned", "active"])
def test_a_churn_flag_beside_the_intervals_is_no_column_of_ours(tmp_path: Path, flag: str) -> None:
    """Flags contradict intervals: who leaves is found from the intervals alone."""
    rows = PERIOD.replace("interval\n", "interval,churn\n") + f"s1,c1,2024-01-01,2024-02-01,10,month,{flag}\n"
    made = shop(tmp_path, PERIODS, rows)
    assert made.lake("subscriptions").select("status", "ended_day").rows() == [("active", date(2024, 2, 1))]


def test_late_events_are_of_their_own_day(tmp_path: Path) -> None:
    toml = '[sources.events]\npath = "inbox/*"\n'
    rows = "event_id,user_id,occurred_at,event_name,received_at\n" + "".join(
        f"e{n},u,2024-03-01T10:00:00Z,open,2024-03-{1 if n < 920 else 2 if n < 996 else 31:02}T11:00:00Z\n"
        for n in range(1000)
    )
    made = shop(tmp_path, toml, rows)
    assert made.lake("events").group_by("day").len().rows() == [(date(2024, 3, 1), 1000)]
    assert judged(made, "events") == {}
    assert made.lake("events").filter(pl.col("received_at").dt.date() > pl.col("day")).height == 80
