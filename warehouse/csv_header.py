"""The names of a CSV file's columns, from its first line. What cannot be a header is refused with what to do."""

from __future__ import annotations

import csv
import io

from warehouse.errors import SourceError

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def csv_header(name: str, data: bytes) -> list[str]:
    """The column names of the file of that name. Raises SourceError."""
    if data.lstrip()[:1] in (b"{", b"["):
        raise SourceError(f"{name} holds JSON, not CSV as its ending says: rename it to .jsonl.")
    try:
        names = next(csv.reader(io.StringIO(data[: 1 << 20].decode(errors="replace"), newline="")))
    except (csv.Error, StopIteration) as error:
        raise SourceError(f"{name}, line 1: the header cannot be read: {error}.") from error
    names = [one.strip() for one in names]
    if not names:
        raise SourceError(f"{name}, line 1: the first line is empty; the column names are expected there.")
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise SourceError(f"{name}, line 1: two columns are called {', '.join(map(repr, twice))}.")
    for separator, what in _OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise SourceError(f"{name}, line 1: the columns are separated by {what}; write commas.")
    return names
