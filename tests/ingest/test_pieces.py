"""A Parquet file is taken in a piece at a time, and what comes of it does not depend on where the pieces end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import ingest, intake
from tests.ingest.shop import Shop
from warehouse import formats

EVENTS = '[sources.events]\npath = "inbox/*"\nwhere = "event_name <> \'ping\'"\n'
NAMES = ["login", "ping", "click", "sent"]
ROWS = 50
BEGIN = datetime(2024, 2, 20, 12, tzinfo=UTC)


def rows(time: pl.DataType) -> pl.DataFrame:
    """Of 50 rows 13 are left out; 3 have no user and 7 lie in the future, one of them both; five ids come twice."""
    each = range(ROWS)
    return pl.DataFrame(
        {
            "event_id": [f"e{number % 45}" for number in each],
            "user_id": [None if number % 20 == 6 else f"u{number % 7}" for number in each],
            "occurred_at": [BEGIN + timedelta(days=number) for number in each],
            "event_name": [NAMES[number % 4] for number in each],
            "value": [None if number % 3 else number for number in each],
        }
    ).with_columns(pl.col("occurred_at").cast(time))


@pytest.mark.parametrize("time", [pl.Datetime("us", "UTC"), pl.Date()], ids=["moments", "days"])
@pytest.mark.parametrize("piece", [1, 7, 25, 49])
def test_where_the_pieces_end_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, time: pl.DataType
) -> None:
    for module in (ingest, intake):
        monkeypatch.setattr(module, "today", lambda _: date(2024, 3, 30))
    told = {}
    for most in (ROWS, piece):
        monkeypatch.setattr(formats, "ROWS_OF_A_PIECE", most)
        folder = tmp_path / f"{most}"
        folder.mkdir()
        shop = Shop(folder, EVENTS)
        shop.deliver("e.parquet", rows(time))
        found = shop.take_in()
        line = asdict(shop.ledger("events")["inbox/e.parquet"])
        assert (line["rows_in"], line["excluded_where"], line["taken"] + line["quarantined"]) == (ROWS, 13, 37)
        assert line["quarantined"] == 9
        when = {"taken_at", "mtime_ns"}
        told[most] = (
            {name: value for name, value in line.items() if name not in when},
            shop.lake("events", every_version=True).to_dicts(),
            shop.quarantine("events"),
            {**found["events"].notes, "inbox": None},
        )
    assert told[ROWS] == told[piece]


def test_times_as_texts_are_judged_by_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """31/12/2024 in the last row says that 01/02/2024 in the first may be the first of February."""
    monkeypatch.setattr(formats, "ROWS_OF_A_PIECE", 1)
    shop = Shop(tmp_path, EVENTS)
    times = ["01/02/2024", "2024-03-04", "31/12/2024"]
    named = {"event_id": ["1", "2", "3"], "user_id": "u", "occurred_at": times, "event_name": "login"}
    shop.deliver("e.parquet", pl.DataFrame(named))
    shop.take_in()
    assert shop.lake("events")["event_id"].to_list() == ["2"]
    assert [row["row"] for row in shop.quarantine("events")] == [1, 3]
