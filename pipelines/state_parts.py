"""One part of a state: computed whole, or as far as something changed, over the rows it had before.

What became of the inputs, and so what is to be computed, is found in parts_to_do.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines import touched as touched_by
from pipelines.amending import amended
from pipelines.parts import PERSON, Part, catalog_in, first_day_in, is_among
from pipelines.patches import PatchedStore
from pipelines.touched import day_of
from pipelines.unit_groups import computed_rows
from warehouse import codes
from warehouse.catalog import Entry
from warehouse.codes import shard_in
from warehouse.manifest import DataFile
from warehouse.ordering import in_order

_ROW_GROUP = 1 << 19
_NO_SHARD, _NO_MONTH = pl.lit(None, codes.SHARD), pl.lit(None, pl.Date)


@dataclass(frozen=True, slots=True)
class Computed:
    """The files of a part of a state by partition; if compared, the persons whose rows are not those of `before`, by
    month if the state is, and the rows they had there, unless these lie under a patch."""

    files: dict[str, DataFile]
    touched: pl.DataFrame
    gone: pl.DataFrame


def compute_state(part: Part) -> Computed:
    """Computes this part of a state and keeps it, sorted by the grain."""
    entry = catalog_in(part.catalog_folder)[part.table]
    known = _Before(part, entry)
    found = _by_partition(part, entry, _rows(part, entry, known))
    nothing = pl.DataFrame(schema=entry.table.polars_schema())
    written: dict[str, DataFile] = {}
    touched, gone = (
        [touched_by.NOBODY.with_columns(month=_NO_MONTH)],
        [nothing.with_columns(shard=_NO_SHARD, month=_NO_MONTH)],
    )
    for partition in sorted(found.keys() | part.before.keys()):
        after = found.get(partition, nothing)
        file = part.before.get(partition)
        if isinstance(part.store, PatchedStore) and file is not None and _is_of_some(part):
            written[partition], differing = _patched(part, entry, part.store, file, known, after)
            touched.append(_of_month(differing, partition))
            continue
        if part.is_compared:
            before, stays = known.of(partition), _stays(part, entry, partition)
            left = before.filter(stays)
            after = after.filter(~stays)
            differing = _touched(part, entry, partition, before.filter(~stays), after)
            touched.append(_of_month(differing, partition))
            gone.append(_of_month(before.filter(is_among(differing, PERSON)), partition))
            after = in_order(pl.concat([left, after], rechunk=True), _grain(entry))
        else:
            after = in_order(after, _grain(entry))
        if after.height:
            written[partition] = _write(part, entry, partition, after)
    return Computed(written, pl.concat(touched), pl.concat(gone))


def _rows(part: Part, entry: Entry, known: _Before) -> pl.DataFrame:
    """The rows of the part, or of those whom it is about and some more, in no order."""
    if entry.amended is not None and part.moved is not None:
        return amended(part, entry, (known.of_touched(partition) for partition in part.before))
    own = pl.concat(known.with_shard(partition) for partition in part.before) if part.cut else None
    return computed_rows(part, entry, own)


class _Before:
    """The rows of a part before the run, each file read once; of one that is patched only those that do not stay."""

    def __init__(self, part: Part, entry: Entry) -> None:
        self._part, self._entry = part, entry
        self._kept: dict[str, pl.DataFrame] = {}

    def of(self, partition: str) -> pl.DataFrame:
        """The rows of a partition as far as they are read, which are not kept any longer."""
        return self._kept.pop(partition) if partition in self._kept else self._read(partition)

    def of_touched(self, partition: str) -> pl.LazyFrame:
        """The rows of a partition that do not stay."""
        self._kept[partition] = self._read(partition)
        return self._kept[partition].lazy().filter(~_stays(self._part, self._entry, partition))

    def with_shard(self, partition: str) -> pl.LazyFrame:
        """The same, with the shard that they lie in."""
        return self.of_touched(partition).with_columns(shard=pl.lit(shard_in(partition), codes.SHARD))

    def _read(self, partition: str) -> pl.DataFrame:
        rows = self._scan(partition)
        is_patched = isinstance(self._part.store, PatchedStore) and _is_of_some(self._part)
        return (rows.filter(~_stays(self._part, self._entry, partition)) if is_patched else rows).collect()

    def _scan(self, partition: str) -> pl.LazyFrame:
        file = self._part.before.get(partition)
        return self._part.store.scan([] if file is None else [file], self._entry.table.polars_schema())


def is_built_at_once(entry: Entry) -> bool:
    """Whether a state is computed for all shards together: `shard` is in its grain."""
    return entry.table.grain[0].name == "shard"


def _by_partition(part: Part, entry: Entry, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if not is_built_at_once(entry):
        return {part.name: rows} if rows.height else {}
    suffix = f"/{part.name}" if entry.table.partitioning == "shard/month" else ""
    split = rows.partition_by("shard", as_dict=True)
    return {codes.shard_name(int(key[0]), part.shards) + suffix: found for key, found in sorted(split.items())}


def _is_of_some(part: Part) -> bool:
    """Whether some of the rows that were there stay without being looked at."""
    return part.touched is not None or part.since is not None


def _patched(
    part: Part, entry: Entry, store: PatchedStore, file: DataFile, known: _Before, after: pl.DataFrame
) -> tuple[DataFile, pl.DataFrame]:
    """The file with the new rows over it, or the file itself where they are the same; and whose they are."""
    stays = _stays(part, entry, file.partition)
    after = after.filter(~stays)
    differing = _touched(part, entry, file.partition, known.of(file.partition), after)
    if differing.is_empty():
        return file, differing
    return store.patch(file, stays, after, entry.table.arrow_schema()), differing


def _stays(part: Part, entry: Entry, partition: str) -> pl.Expr:
    """Which of the rows there were are not computed anew."""
    if part.touched is not None and entry.table.unit != PERSON:
        return ~is_among(part.touched, entry.table.unit or PERSON)
    if part.touched is not None:
        return ~is_among(part.touched.filter(shard=shard_in(partition)), PERSON)
    if part.since is not None:
        return pl.col(day_of(entry.table)) <= part.since
    return pl.lit(False)


def _touched(part: Part, entry: Entry, partition: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The persons whose rows differ. If the touched units are persons, it is not before their inputs do."""
    found = touched_by.differing(entry.table, shard_in(partition), before, after)
    if part.touched is None or entry.table.unit != PERSON:
        return found
    since = pl.max_horizontal("since", "since_right")
    return part.touched.join(found, on=["shard", "person"]).with_columns(since).drop("since_right")


def _of_month(rows: pl.DataFrame, partition: str) -> pl.DataFrame:
    """Rows of a partition with its shard and month."""
    shard, month = pl.lit(shard_in(partition), codes.SHARD), pl.lit(first_day_in(partition), pl.Date)
    return rows.with_columns(shard=shard, month=month)


def _grain(entry: Entry) -> list[str]:
    return [column.name for column in entry.table.grain]


def _write(part: Part, entry: Entry, partition: str, rows: pl.DataFrame) -> DataFile:
    table = entry.table
    return part.store.write(
        "states",
        table.name,
        partition,
        rows,
        table.arrow_schema(),
        previous=part.before.get(partition),
        row_group_size=_ROW_GROUP,
    )
