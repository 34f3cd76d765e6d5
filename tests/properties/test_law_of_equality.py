"""The law of equality: how data came in does not show in what is published, not in one byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.oracle import worlds
from tests.properties.deliveries import history
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import Runs, run_once, unequal_files
from warehouse.manifest import DataFile, Manifest


@pytest.mark.parametrize("seed", seeds(4))
def test_deliveries_in_any_order_equal_one_delivery(seed: int, tmp_path: Path) -> None:
    """Files in shuffled deliveries with late, duplicate and corrected rows, another configuration before, any --date in
    between, more days computed than needed: byte-equal to one run on what is there in the end. A partition that stays
    equal keeps its file. Rules: M1.15 M1.16 M1.17."""
    final, steps = history(worlds.world(seed), seed)
    runs = Runs(tmp_path / "runs")
    for step in steps:
        before = runs.head
        if runs.take(step) is not None:
            assert rewritten_for_nothing(before, runs.head) == []
    assert runs.head is not None
    at_once = run_once(tmp_path / "at_once", replace(final, date=date.fromisoformat(runs.head.watermark)))
    assert unequal_files(at_once, runs) == []


def rewritten_for_nothing(before: Manifest | None, after: Manifest | None) -> list[str]:
    """Partitions with the content they had before, in another file."""
    known = files_of(before)
    return [
        f"{file.layer}/{file.table}/{file.partition}"
        for key, file in files_of(after).items()
        if key in known and known[key].sha256 == file.sha256 and known[key].path != file.path
    ]


def files_of(manifest: Manifest | None) -> Mapping[tuple[str, str, str], DataFile]:
    return {file.key: file for file in manifest.files} if manifest else {}
