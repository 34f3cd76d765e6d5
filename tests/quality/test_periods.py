"""What rows say together that no row breaks alone: periods against each other, usage against subscriptions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from quality import periods, profile
from quality.verdict import Observation
from tests.ingest.shop import Shop
from tests.quality.shop import fails
from warehouse import catalog
from warehouse.bounds import Bounds

PERIODS = '[sources.subscriptions]\npath = "inbox/s*.csv"\ncurrency = "USD"\nshape = "periods"\n'
EVENTS = '[sources.events]\npath = "inbox/e*.csv"\n'
HEADER = "subscription_id,customer_id,started_at,ended_at,amount,interval\n"
CLEAN = "s1,c1,2024-01-01,2024-02-01,10,month\ns1,c1,2024-02-01,2024-03-01,10,month\ns2,c2,2024-01-01,,10,month\n"


def taken(folder: Path, rows: str, events: str = "") -> Shop:
    made = Shop(folder, PERIODS + EVENTS if events else PERIODS)
    made.deliver("s.csv", HEADER + rows)
    if events:
        made.deliver("e.csv", "user_id,customer_id,occurred_at,event_name\n" + events)
    made.take_in(watermark="2024-03-31")
    return made


def judged(made: Shop, source: str = "subscriptions") -> dict[str, Observation]:
    assert made.head is not None
    entry = catalog.load()[source]
    measured = profile.measure(entry, made.head, made.store, None)
    judge = periods.overlapping if source == "subscriptions" else periods.usage_before
    return {one.check: one for one in judge(measured, made.head, made.store, Bounds())}


def test_periods_that_touch_are_right(tmp_path: Path) -> None:
    assert [one for one in judged(taken(tmp_path, CLEAN)).values() if fails(one)] == []


@pytest.mark.parametrize(
    ("rows", "check", "where"),
    [
        ("s3,c3,2024-01-01,2024-02-02,10,month\ns3,c3,2024-02-01,,10,month\n", "periods do not overlap", "s3"),
        ("s4,c4,2024-01-01,,10,month\ns4,c4,2024-02-01,,10,month\n", "an open period is the last", "s4"),
    ],
)
def test_a_subscription_that_contradicts_itself_is_named(tmp_path: Path, rows: str, check: str, where: str) -> None:
    found = {name: one for name, one in judged(taken(tmp_path, CLEAN + rows)).items() if fails(one)}
    assert set(found) == {check}
    assert found[check].observed == pytest.approx(1 / 3)
    assert found[check].severity == "warning"
    assert where in found[check].where
    assert "1 of 3" in found[check].message


@pytest.mark.parametrize(("early", "warns"), [(76, True), (10, False)])
def test_usage_before_the_subscription_began_is_said(tmp_path: Path, early: int, warns: bool) -> None:
    """As in a real export, where it was 76 of 100 rows."""
    rows = [f"u{number},c9,2024-03-{8 if number < early else 20:02}T10:00:00Z,open\n" for number in range(100)]
    strangers = [f"x{number},c{number}x,2024-03-08T10:00:00Z,open\n" for number in range(60)]
    made = taken(tmp_path, "s9,c9,2024-03-10,,10,month\n", "".join(rows + strangers))
    found = judged(made, "events")["usage before the subscription began"]
    assert found.observed == early / 100
    assert fails(found) is warns
    assert f"{early} of 100 events" in found.message


def test_events_are_told_of_where_the_subscriptions_are_damaged(tmp_path: Path) -> None:
    made = taken(tmp_path, CLEAN, "".join(f"u{number},c1,2024-03-01,open\n" for number in range(60)))
    assert made.head is not None
    for file in made.head.of("sources", "subscriptions"):
        path = made.store.path(file)
        path.chmod(0o644)
        path.write_bytes(b"damaged")
    measured = profile.measure(catalog.load()["events"], made.head, made.store, None)
    assert measured.days.select("rows", "persons").rows() == [(60, 60)]
    with pytest.raises(pl.exceptions.ComputeError):
        periods.usage_before(measured, made.head, made.store, Bounds())
