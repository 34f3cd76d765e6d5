from __future__ import annotations

import gzip

import polars as pl
import pytest

from warehouse.errors import SourceError
from warehouse.formats import LINE, RawFile


def rows(name: str, content: str | bytes, columns: list[str] | None = None) -> list[dict[str, object]]:
    data = content.encode() if isinstance(content, str) else content
    return RawFile(name, data).read(columns).to_dicts()


def test_csv_is_text_with_the_line_an_editor_shows() -> None:
    assert rows("a.csv", "\ufeffid, name \n007,x\n\n,\n08,y\n") == [
        {"id": "007", "name": "x", LINE: 2},
        {"id": "08", "name": "y", LINE: 5},
    ]


def test_lines_are_right_after_a_quoted_line_break() -> None:
    text = 'id,note\n1,"two\nlines"\n2,"and\nthree\nmore"\n3,x\n'
    assert [row[LINE] for row in rows("a.csv", text)] == [2, 4, 7]
    assert [row[LINE] for row in rows("a.csv", text, ["id"])] == [2, 4, 7]


def test_a_row_blank_only_in_the_columns_asked_for_is_a_row() -> None:
    assert rows("a.csv", "id,note\n1,x\n,y\n,\n2,z\n", ["id"]) == [
        {"id": "1", LINE: 2},
        {"id": None, LINE: 3},
        {"id": "2", LINE: 5},
    ]


def test_windows_line_ends_and_a_missing_last_one() -> None:
    assert [row["b"] for row in rows("a.csv", "a,b\r\n1,2\r\n3,4")] == ["2", "4"]


def test_json_lines_are_text_whatever_their_types() -> None:
    text = '{"id": "007", "n": 1.50}\n\n{"id": 7, "n": "x", "flag": true, "more": {"a": 1}}\n'
    assert rows("a.jsonl", text, ["id", "n", "flag", "more"]) == [
        {"id": "007", "n": "1.5", "flag": None, "more": None, LINE: 1},
        {"id": "7", "n": "x", "flag": "true", "more": '{"a": 1}', LINE: 3},
    ]


def test_json_lines_know_their_columns_even_where_types_clash() -> None:
    file = RawFile("a.jsonl", b'{"id": 1}\n{"id": {"a": 2}, "late": null}\n')
    assert file.columns() == ["id", "late"]
    assert file.known(["late", "absent"]) == ["late"]
    assert RawFile("a.jsonl", b'{"kind" : "channel"}\n').known(["channel", "kind"]) == ["kind"]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz"])
def test_gzip_is_read_by_its_ending(name: str) -> None:
    text = '{"id": "1"}\n' if "jsonl" in name else "id\n1\n"
    assert [row["id"] for row in rows(name, gzip.compress(text.encode()), ["id"])] == ["1"]


def test_an_empty_file_has_no_rows_and_no_columns() -> None:
    for content in (b"", b"\n \n"):
        file = RawFile("a.csv", content)
        assert file.is_empty
        assert file.read(["id"]).to_dicts() == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", gzip.compress(b"id\n1\n", mtime=0), ["a.csv", "gzip", "csv"]),
        ("a.csv", b'{"id": 1}\n', ["a.csv", "JSON"]),
        ("a.csv", b"PAR1xxxxPAR1", ["a.csv", "Parquet"]),
        ("a.csv", b"PK\x03\x04xx", ["a.csv", "spreadsheet"]),
        ("a.csv.gz", b"id\n1\n", ["a.csv.gz", "not gzipped"]),
        ("a.csv.gz", gzip.compress(b"id\n1\n" * 99, mtime=0)[:-9], ["a.csv.gz", "cut off"]),
        ("a.jsonl", b"id\n1\n", ["a.jsonl, line 1", "not JSON"]),
        ("a.jsonl", b'{"id": \n[1]\n', ["a.jsonl, line 1", "not JSON"]),
        ("a.parquet", b"id\n1\n", ["a.parquet", "Parquet"]),
        ("a.parquet", b"PAR1 nothing of the kind PAR1", ["a.parquet", "Parquet"]),
        ("a.csv", b'id,n\n1,"2\n3,4\n', ["a.csv, line", "quote"]),
        ("a.csv", b"id,name\n1,x\n2,Andr\xe9\n", ["a.csv, line 3", "UTF-8"]),
        ("a.csv", "id\n1\n".encode("utf-16"), ["a.csv", "UTF-16"]),
        ("a.csv", b"id;n\n1;2\n", ["a.csv, line 1", "semicolons"]),
        ("a.csv", b"id,id\n1,2\n", ["a.csv, line 1", "'id'"]),
        ("a.txt", b"id\n1\n", ["a.txt", ".csv"]),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named_with_the_line(
    name: str, content: bytes, words: list[str]
) -> None:
    with pytest.raises(SourceError) as raised:
        RawFile(name, content).read()
    for word in words:
        assert word in str(raised.value)


def test_raw_rows_show_what_was_delivered() -> None:
    text = RawFile("a.csv", b"id,n\n1,x\n2,y\n")
    assert text.raw_rows(pl.Series([3])).to_dicts() == [{"row": 3, "raw": '{"id":"2","n":"y"}'}]
    lines = RawFile("a.jsonl", b'{"id": 1}\n{"id":  2}\n')
    assert lines.raw_rows(pl.Series([2])).to_dicts() == [{"row": 2, "raw": '{"id":  2}'}]


CSV = b'id,n,note\n1,2,x\n3,4,y,5\n6,"a ""b""","two\nlines"\n7,"8"9,z\n10,11,w,\n12,13,"c",d,e\n14,15,\n'
JSON = b'{"id": "1"}\n{"id": \n\n[1]\n{"id": "6"}\n{"id": NaN}\n'


@pytest.mark.parametrize("columns", [None, ["id"], ["n"], ["note", "n"]])
def test_rows_that_cannot_be_taken_apart_are_left_out_and_named(columns: list[str] | None) -> None:
    file = RawFile("a.csv", CSV)
    assert file.read(columns)[LINE].to_list() == [2, 4, 7, 9]
    assert [(one.row, one.reason.split(":")[0]) for one in file.unreadable] == [
        (3, "4 fields, 3 in the header"),
        (6, "a quote is not closed or not doubled (',' expected after '\"')"),
        (8, "5 fields, 3 in the header"),
    ]
    assert file.raw_rows(pl.Series([2, 3, 6])).sort("row")["raw"].to_list() == [
        '{"id":"1","n":"2","note":"x"}',
        '["3", "4", "y", "5"]',
        '"7,\\"8\\"9,z"',
    ]


def test_broken_lines_of_json_are_left_out_and_named() -> None:
    for read in (lambda file: file.read(), lambda file: file.columns() and file.read(["id"])):
        file = RawFile("a.jsonl", JSON)
        assert [(row["id"], row[LINE]) for row in read(file).to_dicts()] == [("1", 1), ("6", 5)]
        assert [one.row for one in file.unreadable] == [2, 4, 6]
        assert file.raw_rows(pl.Series([5, 2])).to_dicts() == [
            {"row": 5, "raw": '{"id": "6"}'},
            {"row": 2, "raw": '{"id": '},
        ]


def test_a_quote_left_open_over_several_lines_refuses_the_file() -> None:
    with pytest.raises(SourceError, match=r"a\.csv, line \d: .*quote"):
        RawFile("a.csv", b'id,n\n1,"2\n3,4\n5,"x"\n').read()
