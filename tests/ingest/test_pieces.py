"""A large file is taken in a piece at a time, and what comes of it does not depend on where the pieces end."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import ingest, intake
from tests.ingest.shop import Shop
from warehouse import formats, text_pieces
from warehouse.errors import SourceError
from warehouse.formats import LINE, RawFile

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
        told[most] = taken_in(tmp_path / f"{most}", "e.parquet", rows(time))
    assert told[ROWS] == told[piece]


def taken_in(folder: Path, name: str, content: pl.DataFrame | bytes) -> object:
    """All that is kept of a file of ROWS rows, besides when it came."""
    folder.mkdir()
    shop = Shop(folder, EVENTS)
    shop.deliver(name, content)
    found = shop.take_in()
    line = asdict(shop.ledger("events")[f"inbox/{name}"])
    assert (line["rows_in"], line["rows_in"] - line["excluded_where"] - line["quarantined"]) == (ROWS, ROWS - 22)
    when = {"taken_at", "mtime_ns"}
    return (
        {name: value for name, value in line.items() if name not in when},
        shop.lake("events", every_version=True).to_dicts(),
        shop.quarantine("events"),
        {**found["events"].notes, "inbox": None},
    )


def as_csv(given: pl.DataFrame) -> bytes:
    """A row that `where` would leave out is broken, another line blank, and texts are in quotes."""
    lines = given.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ", quote_style="non_numeric").encode().splitlines()
    broken = next(n for n, line in enumerate(lines) if b'"ping"' in line and n > 20)
    lines[broken] += b",one,more"
    return b"\n".join([*lines[:30], b"", *lines[30:]])


def as_json(given: pl.DataFrame) -> bytes:
    """A row that `where` would leave out is broken, and another line blank."""
    told = given.with_columns(pl.col("occurred_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dicts()
    lines = [json.dumps(row).encode() for row in told]
    broken = next(n for n, line in enumerate(lines) if b'"ping"' in line and n > 20)
    lines[broken] = lines[broken][:-1]
    return b"\n".join([*lines[:30], b"  ", *lines[30:]])


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("piece", [1, 200, 1_500])
def test_where_the_pieces_of_a_text_end_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, kind: str, ending: str
) -> None:
    for module in (ingest, intake):
        monkeypatch.setattr(module, "today", lambda _: date(2024, 3, 30))
    text = {"csv": as_csv, "jsonl": as_json}[kind](rows(pl.Datetime("us", "UTC")))
    assert piece < len(text) < 1_000_000
    content = gzip.compress(text, mtime=0) if ending else text
    told = {}
    for most in (1_000_000, piece):
        monkeypatch.setattr(text_pieces, "BYTES_OF_A_PIECE", most)
        told[most] = taken_in(tmp_path / f"{most}", f"e.{kind}{ending}", content)
    assert told[1_000_000] == told[piece]


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.csv", b"a,b\n1,2\n3,4\n5,6", [[2], [3], [4]]),
        ("a.csv", b'a,b\n1,"2"\n3,4\n\n5,6\n', [[2], [3], [5]]),
        ("a.csv", b'a,b\n1,"2\n3"\n4,5\n', [[2, 4]]),  # a quote holds the end of a line
        ("a.jsonl", b'{"a": "\\""}\n\n{"a": 2}', [[1], [3]]),
    ],
)
def test_a_large_text_comes_in_pieces_that_end_where_a_row_does(
    monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, lines: list[list[int]]
) -> None:
    monkeypatch.setattr(text_pieces, "BYTES_OF_A_PIECE", 4)
    found = [piece[LINE].to_list() for piece in RawFile(name, content).pieces(["a"])]
    assert [piece for piece in found if piece] == lines


H = b"event_id,user_id,occurred_at,event_name\n"
JSON = '{"event_id": "%s", "user_id": "u", "occurred_at": "%s", "event_name": "login"}'


@pytest.mark.parametrize(
    ("name", "content", "good"),
    [
        (
            "e.csv",
            H + b"1,u,2024-01-02,login\n2,u,2024-01-03,login,one\n3,u,31/12/2024,login\n4,u,2024-01-04,login\n",
            "14",
        ),
        ("e.csv", H + b'1,u,2024-01-02,""login""\n2,u,2024-01-03,login\n3,u,2024-01-05,login,a,b\n', "2"),
        ("e.jsonl", "\n".join([JSON % (1, "2024-01-02"), "{", JSON % (3, "31/12/2024")]).encode(), "1"),
        ("e.jsonl", "\n".join([JSON % (1, "2024-01-02"), "\ufeff" + JSON % (2, "2024-01-03")]).encode(), "1"),
    ],
    ids=["a day first and a broken row", "quotes and a broken row", "JSON", "a mark of byte order in the middle"],
)
def test_a_large_text_with_a_broken_row_is_judged_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, good: str
) -> None:
    told = []
    for most in (1_000_000, 1):
        monkeypatch.setattr(text_pieces, "BYTES_OF_A_PIECE", most)
        folder = tmp_path / f"{most}"
        folder.mkdir()
        shop = Shop(folder, EVENTS)
        shop.deliver(name, content)
        shop.take_in()
        line = shop.ledger("events")[f"inbox/{name}"]
        told.append(
            (line.rows_in, line.quarantined, shop.lake("events")["event_id"].to_list(), shop.quarantine("events"))
        )
    assert told[0] == told[1]
    assert told[0][2] == list(good)


def test_what_refuses_a_piece_is_named_by_its_line_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_pieces, "BYTES_OF_A_PIECE", 4)
    with pytest.raises(SourceError, match=r"a\.csv, line 4: not text in UTF-8"):
        list(RawFile("a.csv", b"a,b\n1,2\n3,4\n\xff,6\n").pieces(["a"]))


@pytest.mark.parametrize("name", ["e.csv", "e.jsonl"])
def test_a_day_first_in_the_last_piece_makes_the_first_one_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(text_pieces, "BYTES_OF_A_PIECE", 1)
    shop = Shop(tmp_path, EVENTS)
    times = ["01/02/2024", "2024-03-04", " 31/12/2024"]
    named = pl.DataFrame({"event_id": ["1", "2", "3"], "user_id": "u", "occurred_at": times, "event_name": "login"})
    shop.deliver(name, named.write_csv() if name == "e.csv" else named.write_ndjson())
    shop.take_in()
    assert shop.lake("events")["event_id"].to_list() == ["2"]
    assert len(shop.quarantine("events")) == 2


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
