"""What the quarantine of a candidate holds: why, and of which days.

Only counts; which share of them is too much is judged in deliveries.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from quality.recent import files_since
from warehouse import quarantine
from warehouse.manifest import DataFile, Manifest
from warehouse.store import Store


@dataclass(frozen=True, slots=True)
class Rejected:
    """The quarantined rows of one source."""

    source: str
    candidate: Manifest
    store: Store

    def reasons(self, path: str, most: int = 3) -> str:
        """Why rows of a file are in quarantine: the most frequent reasons with their counts."""
        order = pl.struct(pl.col("len") * -1, "reasons")
        counted = self._rows(self._of(path)).group_by("reasons").len().sort(order).head(most).collect()
        return "; ".join(f"{reason} ({rows:,} rows)" for reason, rows in counted.iter_rows())

    def by_day(self, files: pl.DataFrame) -> pl.DataFrame:
        """Of these lines of the ledger: file, day, `bad` rows, and `good` ones (order lines as lines)."""
        with_bad = files.filter(pl.col("quarantined") > 0)
        paths = with_bad.get_column("path").to_list()
        bad = self._rows([one for path in paths for one in self._of(path)]).drop_nulls("day")
        lines = with_bad.lazy().select(file="path", lines=(pl.col("taken") + pl.col("merged")) / pl.col("taken"))
        first_day: date | None = with_bad.get_column("first_day").min()  # type: ignore[assignment]
        lake = self.store.scan(
            files_since(self.candidate.of("sources", self.source), first_day or date.min),
            pl.Schema({"file": pl.String, "day": pl.Date}),
        )
        good = lake.filter(pl.col("file").is_in(paths)).group_by("file", "day").agg(good=pl.len())
        return (
            bad.group_by("file", "day")
            .agg(bad=pl.len())
            .join(good, on=["file", "day"], how="left")
            .join(lines, on="file", how="left")
            .with_columns((pl.col("good") * pl.col("lines")).fill_null(0))
            .select("file", "day", "bad", "good")
            .sort("file", "day")
            .collect()
        )

    def _of(self, path: str) -> list[DataFile]:
        wanted = quarantine.partition(path)
        return [one for one in self.candidate.of(quarantine.LAYER, self.source) if one.partition == wanted]

    def _rows(self, files: list[DataFile]) -> pl.LazyFrame:
        return self.store.scan(files, quarantine.SCHEMA)
