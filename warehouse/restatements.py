"""The history of restatements: from versions of the published tables, one per cause, to rows; and how it is kept.

Which causes there are, and what the tables were without one of them, is found in pipelines/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from assets.histories.restatements import CAUSES, ROLLBACK, table
from warehouse import candidate, cells
from warehouse.cells import AFTER, Files, Shape
from warehouse.manifest import HISTORIES, DataFile, Manifest
from warehouse.names import WHOLE
from warehouse.store import Store
from warehouse.table import DATE, MONEY, SEGMENT_ALL

NAME, DESCRIPTION = table.name, table.description
_FINAL = "is_complete"
_GROUP = ("segment", "segment_value")
Schemas = Mapping[str, cells.Columns]


@dataclass(frozen=True, slots=True)
class Step:
    """A cause, and the files of each table once it has had its effect."""

    cause: str
    files: Mapping[str, Files]


def comparable(before: Schemas, after: Schemas) -> dict[str, Shape]:
    """The tables whose published days can be restated: by date, in both, and of the same grain."""
    shapes = {name: Shape.of(before[name], after[name]) for name in sorted(before.keys() & after.keys())}
    return {name: shape for name, shape in shapes.items() if shape is not None and shape.is_dated}


def changes(
    store: Store, shapes: Mapping[str, Shape], first: Mapping[str, Files], steps: Sequence[Step], last_day: date
) -> pl.DataFrame:
    """What changed from the first files over each step to the last one's, in days up to `last_day`.

    All columns of the history but the release, in its order. Only months are read whose file is another in the end.
    """
    parts = [pl.DataFrame(schema=_schema())]
    for name, shape in shapes.items():
        chain = [first.get(name, {}), *(step.files.get(name, {}) for step in steps)]
        for month, files in cells.differing_parts(chain):
            if month == WHOLE or month > f"{last_day:%Y-%m}":
                continue
            versions = cells.read(store, shape, files)
            versions = _without_growing(shape, [frame.filter(pl.col(DATE) <= last_day) for frame in versions])
            for step, before, after in zip(steps, versions, versions[1:], strict=False):
                labels = {"table_name": name, "month": month, "cause": step.cause}
                parts += _of_month(shape, before, after, labels)
    place = pl.col("cause").replace_strict({cause: at for at, cause in enumerate(CAUSES)}, return_dtype=pl.Int64)
    order = ("table_name", "column_name", "month", pl.col("segment") != SEGMENT_ALL, *_GROUP, place)
    return pl.concat(parts).sort(*order)


def write(store: Store, number: int, found: pl.DataFrame) -> dict[str, DataFile]:
    """Keeps the changes as those of release `number`: its partition of the history; none where nothing changed."""
    if found.is_empty():
        return {}
    name = f"release_number={number:08d}"
    frame = found.select(pl.lit(number, pl.Int64).alias("release"), pl.all())
    return {name: store.write(HISTORIES, NAME, name, frame, table.arrow_schema())}


def of_rollback(store: Store, head: Manifest, target: Manifest, number: int) -> tuple[DataFile, ...]:
    """The history after release `number` has taken `head` back to `target`: the head's, and what that changes."""
    shapes = comparable(head.schemas, target.schemas)
    steps = [Step(ROLLBACK, by_table(target.of("metrics")))]
    found = changes(store, shapes, by_table(head.of("metrics")), steps, date.fromisoformat(head.watermark))
    return (*head.of(HISTORIES), *write(store, number, found).values())


def with_history(schemas: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The schemas with that of the history among them."""
    return dict(sorted({**schemas, NAME: candidate.columns_of(table)}.items()))


def by_table(files: Iterable[DataFile]) -> dict[str, dict[str, DataFile]]:
    """Files by table and partition."""
    found: dict[str, dict[str, DataFile]] = {}
    for file in files:
        found.setdefault(file.table, {})[file.partition] = file
    return found


def _schema() -> dict[str, pl.DataType]:
    return {name: dtype for name, dtype in table.polars_schema().items() if name != "release"}


def _without_growing(shape: Shape, versions: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Without the rows that were first published as incomplete: they were to grow."""
    if _FINAL not in shape.columns:
        return versions
    keys = list(shape.keys)
    first_seen = pl.concat([versions[0], versions[-1]]).unique(keys, keep="first", maintain_order=True)
    growing = first_seen.filter(~pl.col(_FINAL))
    return [one.join(growing, on=keys, how="anti", nulls_equal=True) for one in versions]


def _of_month(shape: Shape, before: pl.DataFrame, after: pl.DataFrame, labels: Mapping[str, str]) -> list[pl.DataFrame]:
    """For each measure its row per segment value, where a cell changed."""
    both = cells.beside(shape, before, after)
    if not shape.is_segmented:
        both = both.with_columns(segment=pl.lit(SEGMENT_ALL), segment_value=pl.lit(SEGMENT_ALL))
    counted = both.group_by(_GROUP).agg(
        pl.struct(
            cells_changed=cells.is_changed(name).sum().cast(pl.Int64),
            sum_before=pl.col(name).sum().cast(MONEY),
            sum_after=pl.col(f"{name}{AFTER}").sum().cast(MONEY),
        ).alias(name)
        for name in shape.measures
    )
    said = {name: pl.lit(value) for name, value in labels.items()}
    return [
        counted.select(*_GROUP, pl.col(name).struct.unnest(), column_name=pl.lit(name), **said)
        .filter(pl.col("cells_changed") > 0)
        .select(*_schema())
        for name in shape.measures
    ]
