"""The catalogue of faults as a table of docs/quality.md: `python -m tests.faults.catalogue` tries all and writes it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.bench import Bench
from tests.faults.files import FILES
from tests.faults.periods import PERIODS
from tests.faults.rows import ROWS
from tests.faults.tables import TABLES, Counter

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
SAID = {
    "quarantine": "set aside",
    "return": "taken as a return",
    "note": "noted",
    "warn": "warned",
    "block": "blocked",
    "refuse": "run stopped",
    "nothing": "NOTHING",
}


@dataclass(frozen=True)
class Tried:
    """One fault: what should become of it and what does; `because` is the reason, check or message."""

    where: str
    name: str
    should: str
    does: str
    because: str
    rows_are_kept: bool = True


def tried(folder: Path, part: int = 0, of: int = 1) -> Iterator[Tried]:
    """Every fault, or each `of`-th from the `part`-th on, tried in that folder."""
    bench = Bench(folder / "demo")
    for fault in (*ROWS, *FILES, *PERIODS)[part::of]:
        found = fault.try_on(bench)
        because = found.because.replace(str(folder), "")
        yield Tried(fault.where, fault.name, fault.should, found.does, because, found.rows_are_kept)
    counter = Counter(folder / "shop")
    for table_fault in TABLES[part::of]:
        does, checks = counter.found(table_fault)
        named = next((one for one in checks if one.startswith(table_fault.because)), ", ".join(checks))
        yield Tried("release" if does == "refuse" else "tables", table_fault.name, table_fault.should, does, named)


def page_with(found: list[Tried]) -> str:
    """The page with the table in its place."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table(found) + END + rest.partition(END)[2]


def table(found: list[Tried]) -> str:
    lines = ["| where | fault | should be | is | because |", "|---|---|---|---|---|"]
    for one in found:
        because = one.because.replace("|", "\\|")
        lines.append(f"| {one.where} | {one.name} | {SAID[one.should]} | {SAID[one.does]} | {because} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        PAGE.write_text(page_with(list(tried(Path(temporary)))), encoding="utf-8")
