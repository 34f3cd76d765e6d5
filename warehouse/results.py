"""The history of what the gate found: each release adds the results of the verdict it is published with.

The rows are made here, by publishing, from the verdict itself; so they cannot say anything else, and nothing that a
verdict is about depends on them. How the table looks is declared in assets/histories/quality_results.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from assets.histories.quality_results import table
from warehouse.manifest import RESULTS, DataFile, Manifest
from warehouse.names import MONTH
from warehouse.store import Store


def of_release(home: Path, release: Manifest) -> DataFile | None:
    """The month of the history that the release ends in, with its own results added to those before; None where the
    release does not publish the history, or its verdict lists no results.

    Raises StorageError.
    """
    listed = release.verdict.get("results")
    if RESULTS not in release.schemas or not listed:
        return None
    store, month = Store(home), partition(release)
    before = [file for file in release.published(RESULTS) if file.partition == month]
    rows = pl.concat([store.scan(before, table.polars_schema()).collect(), _rows(release, listed)])
    return store.write(table.layer, RESULTS, month, rows.sort("date", "release", "place"), table.arrow_schema())


def partition(release: Manifest) -> str:
    return f"{MONTH}{release.watermark[:7]}"


def _rows(release: Manifest, listed: list[Mapping[str, Any]]) -> pl.DataFrame:
    day = date.fromisoformat(release.watermark)
    return pl.DataFrame(
        [
            {
                "date": day,
                "release": release.number,
                "place": place,
                "check_name": one["check"],
                "table_name": one["table"],
                "column_name": one["column"],
                "severity": one["severity"],
                "is_passed": one["passed"],
                "observed": one["observed"],
                "bound": one["bound"],
                "found_at": one["where"] or None,
                "message": one["message"] or None,
            }
            for place, one in enumerate(listed, 1)
        ],
        schema=table.polars_schema(),
    )
