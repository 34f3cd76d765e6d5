"""Cuts a large text file where rows end, so that it is taken in a piece at a time. What rows mean is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BYTES_OF_A_PIECE = 1 << 25


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole rows of a file, with its header where it has one, so that they can be read as a file of their own: the
    line numbers of that file are so many less than theirs in the whole one."""

    content: bytes
    lines_before: int


def pieces_of(data: bytes, *, has_header: bool) -> Iterator[Piece]:
    """The content in pieces of about BYTES_OF_A_PIECE, at least one: all of it where it cannot be told where a row
    ends, as a quote may hold line breaks."""
    header = data[: data.find(b"\n") + 1] if has_header else b""
    spans = list(_spans(data, len(header)))
    if len(spans) < 2 or (has_header and not _ends_at_lines(data, spans)):
        yield Piece(data, 0)
        return
    lines = 0
    for start, end in spans:
        yield Piece(header + data[start:end], lines)
        lines += data.count(b"\n", start, end)


def _spans(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    while start < len(data):
        at = data.find(b"\n", start + BYTES_OF_A_PIECE - 1)
        end = len(data) if at < 0 else at + 1
        yield start, end
        start = end


def _ends_at_lines(data: bytes, spans: list[tuple[int, int]]) -> bool:
    """Whether every quote is closed in its own line."""
    if b'"' not in data:
        return True
    first = spans[0][0]
    return not any(line.count(b'"') % 2 for start, end in [(0, first), *spans] for line in data[start:end].split(b"\n"))
