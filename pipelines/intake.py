"""Takes files in: read, judge by contract, number the people, merge into the lake, write down what became of each.

The steps are the packages' own; here they are put in order. What is new is decided in ingest.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines import moved
from pipelines.clock import today
from pipelines.delivery import Delivery, read
from pipelines.ingest import Days, news, waits_before
from pipelines.restated import first_day_of_changed_customers
from pipelines.text import counted
from pipelines.workspace import Workspace
from warehouse import codes, ledger, quarantine
from warehouse.arrivals import Arrivals
from warehouse.canonical import Reader
from warehouse.extracts import Extracts
from warehouse.inbox import InboxFile, Known
from warehouse.lake import Lake, Merged
from warehouse.ledger import Line
from warehouse.manifest import DataFile
from warehouse.placing import is_of_few_days
from warehouse.rewriting import LAYER
from warehouse.turns import alone

LINES_OF_PROGRESS = 20


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What taking in one source did: the lines of the files taken now, and the notes kept with the source."""

    source: str
    taken: tuple[Line, ...]
    notes: dict[str, Any]


def take_in(workspace: Workspace, source: str, *, retake: bool = False, again: Days | None = None) -> IngestResult:
    """See pipelines.ingest.take_in. Always starts from the draft's base, so that repeating it changes nothing."""
    draft = workspace.draft
    files, _ = news(workspace.config, source, draft.base, retake=retake, again=again)
    if not files or ledger.partition(source) in draft.changed(ledger.LAYER, ledger.TABLE):
        return IngestResult(source, (), draft.notes(source))
    return _Intake(workspace, source, again).take(files)


def take_in_again(workspace: Workspace, source: str, files: Sequence[InboxFile]) -> IngestResult:
    """Takes exactly these files of a source into the draft, over its base, as the configuration reads them now."""
    return _Intake(workspace, source, None).take(files)


class _Intake:
    """Taking in the files of one source, step by step."""

    def __init__(self, workspace: Workspace, source: str, again: Days | None) -> None:
        self._workspace = workspace
        self._again = again
        self._source = source
        self._config, self._draft, self._store = workspace.config, workspace.draft, workspace.store
        self._reader = Reader.of(workspace.config, source)
        self._known = ledger.read(self._store, self._base(ledger.LAYER, ledger.TABLE), source)

    def take(self, files: Sequence[InboxFile]) -> IngestResult:
        scratch = self._draft.folder / "arrivals" / self._source
        contract = self._reader.contract
        by_month = contract.table.partitioning == "shard/month"
        arrivals = Arrivals(scratch, contract.PERSON, self._config.shards, by_month=by_month)
        deliveries: list[Delivery] = []
        for number, file in enumerate(files, 1):
            delivery = read(
                self._config, self._reader, file, arrivals.add, self._waits_before(file), today(self._config)
            )
            if delivery is None:
                self._workspace.report(f"{file.path} is still being written: left for the next run")
                continue
            deliveries.append(delivery)
            self._report(number, len(files), deliveries)
        if not deliveries:
            return IngestResult(self._source, (), self._draft.notes(self._source))
        lines = {**self._known, **{one.line.path: one.line for one in deliveries}}
        merged = self._merge(arrivals, deliveries, lines)
        arrivals.discard()
        recounted = {path: self._recounted(line, merged) for path, line in lines.items()}
        lines = {path: line.as_before(self._known.get(path)) for path, line in recounted.items()}
        notes = self._notes(merged, lines, deliveries)
        self._set_aside(deliveries)
        if merged.moved is not None:
            moved.keep(self._draft, self._source, merged.moved)
        self._draft.put(LAYER, self._source, merged.changes, notes)
        self._write_ledger(lines)
        return IngestResult(self._source, tuple(lines[one.line.path] for one in deliveries), notes)

    def _waits_before(self, file: InboxFile) -> date | None:
        """See pipelines.ingest.waits_before. What was too late when a file first came still is when it has changed, and
        nothing else."""
        late, base = self._config.max_late_days, self._draft.base
        limit = date.fromisoformat(base.watermark) - timedelta(days=late) if base and late is not None else None
        if file.path in self._known:
            limit = self._known[file.path].waits_before
        return waits_before(self._config, limit, self._again)

    def _report(self, number: int, files: int, deliveries: Sequence[Delivery]) -> None:
        """A line for each of a few files, or about as many for many."""
        every = -(-files // LINES_OF_PROGRESS)
        if not deliveries or (number % every and number < files):
            return
        lines = [one.line for one in (deliveries[-1:] if every == 1 else deliveries)]
        bad = sum(line.quarantined for line in lines)
        name = lines[0].path if every == 1 else f"{number:,} of {files:,} files"
        set_aside = f", {bad:,} set aside" if bad else ""
        self._workspace.report(f"{name}: {counted(sum(line.rows_in for line in lines), 'row')}{set_aside}")

    def _merge(self, arrivals: Arrivals, deliveries: Sequence[Delivery], lines: Mapping[str, Line]) -> Merged:
        if arrivals.people():
            arrivals.number(codes.assign(self._store, self._draft, self._config.shards, arrivals.people()))
        replaced = {path for path, line in self._known.items() if line is not lines[path]}
        lake = Lake(self._store, self._reader.contract, self._config.shards, self._base(LAYER, self._source))
        extracts, watched = self._extracts(deliveries, lines), self._draft.base is not None
        last_days = {one.line.path: one.line.last_day for one in deliveries if one.line.last_day is not None}
        few = {one.line.path for one in deliveries if is_of_few_days(one.days)}
        now = today(self._config)
        return lake.merge(arrivals, replaced, last_days, extracts, now, of_few_days=few, keeps_moves=watched)

    def _extracts(self, deliveries: Sequence[Delivery], lines: Mapping[str, Line]) -> Extracts | None:
        if not self._reader.source.full_extract:
            return None
        with_rows = sorted(path for path, line in lines.items() if line.taken + line.quarantined + line.waiting)
        files = [(path, lines[path].last_day) for path in with_rows]
        fresh = {one.line.path for one in deliveries}
        aside = [one.bad.select("id", file=pl.lit(one.line.path)) for one in deliveries if one.bad.height]
        before = self._base(quarantine.LAYER, self._source)
        for path in with_rows:
            name = quarantine.partition(path)
            if path not in fresh and name in before:
                aside.append(pl.read_parquet(self._store.path(before[name]), columns=["id", "file"]))
        return Extracts(files, pl.concat([Extracts.NONE_ASIDE, *aside]))

    def _recounted(self, line: Line, merged: Merged) -> Line:
        """The line with `superseded` brought up to date: a later file may stand for rows of an earlier one."""
        former = self._known.get(line.path)
        carried = former.superseded if former is not None and former is not line else 0
        return line.with_superseded(carried + merged.superseded.get(line.path, 0))

    def _notes(self, merged: Merged, lines: Mapping[str, Line], deliveries: Sequence[Delivery]) -> dict[str, Any]:
        base, touched = self._draft.base, merged.touched_from
        noted = base.notes.get(self._source, {}) if base else {}
        if self._source == "customers":
            touched = first_day_of_changed_customers(self._store, base, merged.moved) if base and merged.moved else None
        columns = {name for one in deliveries for name in one.columns} | set(noted.get("columns", ()))
        return {
            "touched_from": touched.isoformat() if touched else None,
            "newest_day": merged.newest_day.isoformat() if merged.newest_day else None,
            "changed": merged.is_changed,
            "files": len(lines),
            "rows": sum(line.taken for line in lines.values()),
            "waiting": _waiting([line for line in lines.values() if line.waiting]),
            "columns": sorted(columns),
            "inbox_columns": Known.names(),
            "inbox": {path: _noted(line) for path, line in lines.items()},
        }

    def _set_aside(self, deliveries: Sequence[Delivery]) -> None:
        before = self._base(quarantine.LAYER, self._source)
        changes: dict[str, DataFile | None] = {}
        for one in deliveries:
            path, name = one.line.path, quarantine.partition(one.line.path)
            if one.bad.height:
                changes[name] = quarantine.write(self._store, self._source, path, one.bad, one.raw, before.get(name))
            elif name in before:
                changes[name] = None
        self._draft.put(quarantine.LAYER, self._source, changes)

    def _write_ledger(self, lines: Mapping[str, Line]) -> None:
        name, key = ledger.partition(self._source), (ledger.LAYER, ledger.TABLE)
        with alone(self._draft, ledger.TABLE):
            files = self._draft.files(*key)
            changes: dict[str, DataFile | None] = {one: files.get(one) for one in self._draft.changed(*key)}
            changes[name] = ledger.write(self._store, self._source, lines.values(), files.get(name))
            self._draft.put(*key, changes)

    def _base(self, layer: str, table: str) -> dict[str, DataFile]:
        base = self._draft.base
        return base.by_partition(layer, table) if base else {}


def _waiting(lines: Sequence[Line]) -> dict[str, int | str] | None:
    """How many rows came too late, and the first day of their files: a backfill from there takes them in."""
    days = [line.first_day.isoformat() for line in lines if line.first_day]
    return {"rows": sum(line.waiting for line in lines), "from": min(days)} if days else None


def _noted(line: Line) -> list[int | str | None]:
    """What inbox.Known holds, as JSON."""
    values = [getattr(line, name) for name in Known.names()]
    return [value.isoformat() if isinstance(value, date) else value for value in values]
