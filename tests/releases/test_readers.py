"""Readers during publishes: who pins a release never sees two mixed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from tests.releases.business import TWELVE, Business
from tests.releases.readers import READERS, with_duckdb

PUBLISHES = int(os.environ.get("HOLDFAST_PUBLISHES", "12"))


def test_a_pinned_reader_sees_one_release(business: Business) -> None:
    business.publish({"2026-09": 0}, TWELVE)
    seen: dict[str, list[set[tuple[int, ...]]]] = {tool: [] for tool in READERS}
    failed: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            for tool, values_of in READERS.items():
                try:
                    pinned: Path = (business.home / "current").resolve()
                    seen[tool].append({tuple(values) for values in values_of(pinned, TWELVE).values()})
                except Exception as error:
                    failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for value in range(1, PUBLISHES + 1):
        business.publish({"2026-09": value}, TWELVE)
    over.set()
    thread.join()
    assert failed == []
    for tool, reads in seen.items():
        released = {value for values in reads for value in values}
        mixed = sum(len(values) > 1 for values in reads)
        print(f"{tool}: {len(reads)} loops over 12 tables, {len(released)} releases seen, {mixed} mixed")
        assert reads
        assert mixed == 0
    assert set(map(tuple, with_duckdb(business.releases.folder(PUBLISHES + 1), TWELVE).values())) == {(PUBLISHES,)}
