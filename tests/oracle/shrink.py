"""Makes a failing world small: `python -m tests.oracle.shrink SEED [NAME]` drops what it can while it still fails.

The smallest world is written to kept/NAME.json (default: the seed) and printed with its differences.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.oracle import kept, product
from tests.oracle.worlds import Row, Source, World, world

Fails = Callable[[World], list[str]]


def smaller(given: World) -> Iterator[World]:
    """Worlds with one thing less, the big steps first."""
    for name in given.sources:
        if len(given.sources) > 1:
            yield replace(given, sources={other: source for other, source in given.sources.items() if other != name})
    for name, source in given.sources.items():
        for content in fewer_rows(source):
            yield replace(given, sources={**given.sources, name: content})
    for name, source in given.sources.items():
        for column in ("channel", "country", "updated_at", "received_at", "refunded_amount", "status"):
            if column in source.columns and not (column == "status" and name == "subscriptions"):
                yield replace(given, sources={**given.sources, name: without_column(source, column)})
    for plain in ({"reporting_currency": None}, {"time_zone": "UTC"}, {"shards": 1}, {"date": None}):
        if any(getattr(given, key) != value for key, value in plain.items()):
            yield replace(given, **plain)


def fewer_rows(source: Source) -> Iterator[Source]:
    """Halves first, then quarters, down to single rows; a source keeps at least one row."""
    rows = [(file, row) for file, content in source.files.items() for row in content]
    step = len(rows) // 2
    while step >= 1:
        for start in range(0, len(rows), step):
            left = rows[:start] + rows[start + step :]
            if left:
                yield replace(source, files=by_file(left))
        step //= 2


def by_file(rows: list[tuple[str, Row]]) -> dict[str, tuple[Row, ...]]:
    return {name: tuple(row for file, row in rows if file == name) for name in dict.fromkeys(file for file, _ in rows)}


def without_column(source: Source, column: str) -> Source:
    columns = tuple(name for name in source.columns if name != column)
    files = {file: tuple({name: row[name] for name in columns} for row in rows) for file, rows in source.files.items()}
    return replace(source, columns=columns, files=files)


def shrink(given: World, fails: Fails) -> World:
    """The given failing world, or a smaller one from which nothing can be taken without it passing."""
    found = True
    while found:
        found = False
        for candidate in smaller(given):
            if fails(candidate):
                given, found = candidate, True
                break
    return given


def failures(given: World) -> list[str]:
    """The differences of a world, or the error that the product ends with."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return product.problems(given, Path(folder))
        except Exception as error:  # whatever the product raises is what is looked for
            return [f"{type(error).__name__}: {str(error).splitlines()[0]}"]


def main(seed: int, name: str) -> None:
    given = world(seed)
    lines = failures(given)
    table = lines[0].split(":")[0]

    def still(candidate: World) -> list[str]:
        return [line for line in failures(candidate) if line.split(":")[0] == table]

    small = shrink(given, still)
    path = kept.FOLDER / f"{name}.json"
    kept.write(small, path)
    print(path.read_text(), *failures(small), f"written to {path}", sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else f"seed_{sys.argv[1]}")
