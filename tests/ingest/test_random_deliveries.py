"""Random deliveries, changed files and runs between them, against the rule of versions applied by hand to all files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from pipelines import moved
from tests.ingest.shop import Shop
from tests.ingest.test_versions import check_ledger
from warehouse import source_rows

HEADERS = {
    "orders": "order_id,customer_id,ordered_at,amount,updated_at\n",
    "events": "event_id,user_id,customer_id,occurred_at,event_name,received_at\n",
}
Row = dict[str, str]
Fact = tuple[str | None, ...]


def random_row(draw: Random, source: str) -> Row:
    day = f"2024-0{draw.randint(1, 3)}-{draw.randint(1, 3):02d}"
    version = draw.choice(["", "2024-05-01", "2024-05-02"])
    if source == "orders":
        person = draw.choice(["c1", "c2", "c3", ""])
        return {
            "id": f"o{draw.randint(1, 9)}",
            "person": person,
            "day": day,
            "what": f"{draw.randint(1, 3)}",
            "at": version,
        }
    name = draw.choice(["e1", "e2", "e3", "", ""])
    return {"id": name, "person": f"u{draw.randint(1, 3)}", "day": day, "what": draw.choice("xy"), "at": version}


def line(row: Row, source: str) -> str:
    if source == "orders":
        return f"{row['id']},{row['person']},{row['day']},{row['what']},{row['at']}\n"
    return f"{row['id']},{row['person']},,{row['day']},{row['what']},{row['at']}\n"


def expected(files: dict[str, list[Row]], source: str, is_extract: bool) -> Counter[Fact]:
    """The facts that count: of each id the highest (version, file, row); without an id each different row once."""
    newest = max((name for name, rows in files.items() if rows), default="")
    there = {row["id"] for row in files.get(newest, [])}
    best: dict[Fact, tuple[tuple[str, str, int], Fact]] = {}
    for name, rows in files.items():
        for number, row in enumerate(rows):
            if not row["person"] or (is_extract and row["id"] not in there):
                continue
            if is_extract and not row["id"] and name != newest:
                continue
            fact = (row["id"] or None, row["person"], row["day"], row["what"], row["at"] or None)
            key: Fact = (row["id"],) if row["id"] else fact
            rank = (row["at"], name, number)
            if key not in best or rank > best[key][0]:
                best[key] = (rank, fact)
    return Counter(fact for _, fact in best.values())


def found(made: Shop, source: str) -> Counter[Fact]:
    names = {
        "orders": ["order_id", "customer_id", "day", "amount", "updated_at"],
        "events": ["event_id", "user_id", "day", "event_name", "received_at"],
    }[source]
    rows = made.lake(source).select(names).rows()
    return Counter(
        (ident, person, day.isoformat(), str(int(what)) if source == "orders" else what, at and at.date().isoformat())
        for ident, person, day, what, at in rows
    )


def check_moves(made: Shop, source: str) -> None:
    """What the run kept of moved rows is what its lake and that of its base differ in, read as a whole."""
    draft = made.draft
    assert draft is not None
    kept = moved.of(draft, source)
    if draft.base is None:
        assert kept is None
        return
    assert kept is not None
    lakes = draft.base.by_partition("sources", source), draft.files("sources", source)
    read = source_rows.moved(made.store, source, *lakes)
    for told, rows in ((kept.gone, read.gone), (kept.come, read.come)):
        assert told.sort("file", "row").equals(rows.sort("file", "row"))


@pytest.mark.parametrize("is_extract", [False, True], ids=["versions", "extract"])
@pytest.mark.parametrize("source", HEADERS)
@pytest.mark.parametrize("seed", range(4))
def test_random_deliveries_give_what_the_rule_gives(tmp_path: Path, source: str, seed: int, is_extract: bool) -> None:
    draw = Random(f"{source} {seed} {is_extract}")
    money = 'currency = "USD"\n' if source == "orders" else ""
    extract = "full_extract = true\n" if is_extract else ""
    made = Shop(tmp_path, f'[warehouse]\nshards = 3\n[sources.{source}]\npath = "inbox/*"\n{money}{extract}')
    files: dict[str, list[Row]] = {}
    before: Counter[Fact] = Counter()
    for _ in range(6):
        for _ in range(draw.randint(1, 3)):
            name = f"inbox/{draw.randint(1, 5)}.csv"
            files[name] = [random_row(draw, source) for _ in range(draw.randint(0, 6))]
            text = HEADERS[source] + "".join(line(row, source) for row in files[name])
            made.deliver(name.removeprefix("inbox/"), text)
        made.take_in()
        after = expected(files, source, is_extract)
        assert found(made, source) == after
        check_ledger(made, source)
        check_moves(made, source)
        changed = [fact[2] for fact in (after - before) + (before - after)]
        assert made.notes(source)["touched_from"] == min(changed, default=None)
        before = after
