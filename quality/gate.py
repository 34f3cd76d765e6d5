"""The gate: a candidate goes in, a verdict about exactly its content comes out. It fails closed.

Here the checks are called and their answers put together; what is checked is in the modules it names. A check that
raises is a critical failure, and so is one that gets no answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial

import polars as pl

from quality import changes, deliveries, expectations, identities, profile, staged, volumes
from quality.rules import Rule, rules_of
from quality.verdict import Observation, Result, Verdict
from warehouse.candidate import Candidate
from warehouse.catalog import Catalog, Entry
from warehouse.config import Config
from warehouse.manifest import Manifest
from warehouse.store import Store
from warehouse.table import Table


def judge(candidate: Candidate, *, catalog: Catalog, config: Config, store: Store, head: Manifest | None) -> Verdict:
    """Measures the candidate, has Great Expectations judge what was measured, and binds the outcome to its digest.

    Never raises for what it finds, nor for a check that fails: both are results. `head` is the release the candidate
    builds on.
    """
    # Its import costs seconds and none of what follows needs it: it goes on while Polars measures.
    loading = threading.Thread(target=_attempt, args=(expectations.load,), daemon=True)
    loading.start()
    audit = _Audit(candidate, catalog, config, store, head)
    audit.measure()
    loading.join()
    results = audit.judged() + audit.broken
    return Verdict.of(candidate.digest, _without_echoes(results), datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(slots=True)
class _Audit:
    candidate: Candidate
    catalog: Catalog
    config: Config
    store: Store
    head: Manifest | None
    observations: list[Observation] = field(default_factory=list)
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    broken: list[Result] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest:
        return self.candidate.manifest

    @property
    def tables(self) -> Mapping[str, Table]:
        return {name: entry.table for name, entry in self.catalog.metrics.items()}

    def measure(self) -> None:
        """Everything that Polars counts: files, identities, changes, deliveries and days."""
        self._try("files", "all", lambda: staged.observe(self.candidate, self.tables, self.store))
        untrusted = staged.damaged(self.observations)
        for name, table in self.tables.items():
            if name not in untrusted:
                self._try("read", name, partial(self._read, table))
        watermark = date.fromisoformat(self.manifest.watermark)
        whole = {name: frame for name, frame in self.frames.items() if frame.height}
        self._try("identities", "all", lambda: identities.observe(self.tables, whole, watermark))
        for name, entry in self.catalog.sources.items():
            self._try("profile", name, partial(self._source, entry, watermark))
        if self.head is not None:
            for name, frame in self.frames.items():
                self._try("changes", name, partial(self._change, self.tables[name], frame, self.head))

    def judged(self) -> list[Result]:
        """The answers of Great Expectations to the tables and to all observations."""
        results: list[Result] = []
        try:
            gx = expectations.Judge()
            for name, frame in self.frames.items():
                key = tuple(column.name for column in self.tables[name].keys)
                rules = self._rules(self.tables[name])
                if frame.height > expectations.DIRECT_ROWS:
                    self.observations += [expectations.count(rule, frame, key) for rule in rules]
                elif rules:
                    results += gx.table(frame, rules, key)
            return results + gx.observations(self.observations)
        except Exception as error:
            return [*results, _failure("great expectations", "all", error)]

    def _read(self, table: Table) -> list[Observation]:
        self.frames[table.name] = staged.read(self.candidate, table)
        return []

    def _rules(self, table: Table) -> list[Rule]:
        """A table may be empty only where something it is made from is."""
        return [rule for rule in rules_of(table) if rule.kind != "rows" or self._has_input(self.catalog[table.name])]

    def _has_input(self, entry: Entry) -> bool:
        sources = [name for name in entry.table.sources if name in self.catalog]
        states = [name for name in entry.inputs if name in self.catalog]
        return any(self._rows("sources", name) for name in sources) and all(
            self._rows("states", name) for name in states
        )

    def _rows(self, layer: str, table: str) -> int:
        return sum(file.rows for file in self.manifest.of(layer, table))

    def _source(self, entry: Entry, watermark: date) -> list[Observation]:
        name = entry.table.name
        measured = profile.measure(entry, self.manifest, self.store, self.head)
        reasons = partial(profile.reasons, name, candidate=self.manifest, store=self.store)
        found = deliveries.observe(measured, reasons)
        if measured.judged and measured.days.height:
            found += volumes.observe(measured)
            found += volumes.freshness(measured, watermark)
            if "customers" in self.config.sources and name in ("orders", "subscriptions"):
                found += volumes.unknown(name, *profile.unknown_customers(name, measured, self.manifest, self.store))
        return found

    def _change(self, table: Table, frame: pl.DataFrame, head: Manifest) -> list[Observation]:
        return changes.observe(table, frame, self.manifest, head, self.store)

    def _try(self, check: str, table: str, measure: Callable[[], list[Observation]]) -> None:
        try:
            self.observations += measure()
        except Exception as error:
            self.broken.append(_failure(check, table, error))


def _failure(check: str, table: str, error: Exception) -> Result:
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    message = f"The check itself failed, so nothing is known: {reason}. Run again; if it stays, it is a defect."
    return Result(check, table, None, "critical", False, "not judged", "an answer", message)


def _without_echoes(results: list[Result]) -> list[Result]:
    """Without warnings that only repeat a critical failure of the same check."""
    blocking = {(one.check, one.table, one.column) for one in results if one.blocks}
    return [one for one in results if one.blocks or (one.check, one.table, one.column) not in blocking]


def _attempt(load: Callable[[], None]) -> None:
    try:
        load()
    except Exception:
        # Tried again where it is needed, and reported there.
        return
