"""The audit of a candidate: everything that is measured before anybody judges. No Great Expectations here.

Here the measuring modules are called, each so that its failure is a result and not the end of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial

import polars as pl

from quality import (
    changes,
    charts,
    columns,
    deliveries,
    fits,
    identities,
    judged_before,
    origins,
    periods,
    profile,
    roles,
    rules,
    staged,
    values,
    volumes,
)
from quality.charts import Chart
from quality.profile import Profile
from quality.rejected import Rejected
from quality.rules import Rule
from quality.staged import Staged
from quality.verdict import SEVERITIES, Observation, Result
from warehouse.candidate import Candidate
from warehouse.catalog import Catalog, Entry
from warehouse.config import Config
from warehouse.manifest import RESULTS, DataFile, Manifest
from warehouse.store import Store
from warehouse.table import Table


@dataclass
class Audit:
    """What there is to judge: `frames` (whole tables by name), `fresh` (their rows that no verdict was about yet),
    `observations`, and `broken`, the checks that raised.

    Of rows that are not fresh, `frames` have those that are compared across files, with their key and what is compared;
    else null.
    """

    candidate: Candidate
    catalog: Catalog
    config: Config
    store: Store
    head: Manifest | None
    staged: Staged = field(default_factory=Staged)
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    fresh: dict[str, pl.DataFrame] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    broken: list[Result] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest:
        return self.candidate.manifest

    @property
    def watermark(self) -> date:
        return date.fromisoformat(self.manifest.watermark)

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables that are judged; what was found about earlier releases is not."""
        return {name: table for name, table in self.catalog.published.items() if name != RESULTS}

    @cached_property
    def judged_by(self) -> str:
        return judged_before.rules(self.tables, self.manifest)

    @cached_property
    def _judged(self) -> frozenset[DataFile]:
        return judged_before.files(self.head, self.judged_by, self.manifest)

    def measure(self) -> None:
        """Everything that Polars counts: staged files, identities, deliveries, days, origins and changes."""
        self._try("files", "all", self._files)
        untrusted = staged.damaged(self.observations)
        for name, table in self.tables.items():
            if name not in untrusted:
                self._try("read", name, partial(self._read, table))
        for name in self.fresh:
            self._try("rules", name, partial(self._rules, name))
        self._try("identities", "all", self._identities)
        for name, entry in self.catalog.sources.items():
            self._try("profile", name, partial(self.of_source, entry))
        self._try("origins", "all", self._origins)
        for name, frame in self._filled().items():
            self._try("fits", name, partial(fits.observe, self.tables[name], frame))
        if self.head is not None:
            for name in self.frames:
                self._try("changes", name, partial(self._changes, name, self.head))

    def charts(self) -> list[Chart]:
        """What the page draws of the sources that could be measured."""
        bounds = self.config.quality
        return [one for measured in self.profiles.values() for one in charts.charts(measured, self.watermark, bounds)]

    def rules(self, table: str) -> list[Rule]:
        """What the table declares. It may be empty where it says so, else only where something it is made from is.

        Of the number of its rows nothing is asked where some were judged before.
        """
        may_be_empty = (
            self.fresh[table].height < self.frames[table].height
            or self.tables[table].may_be_empty
            or not self._has_input(self.catalog[table])
        )
        return [rule for rule in rules.rules_of(self.tables[table]) if not (may_be_empty and rule.kind == "rows")]

    def key(self, table: str) -> tuple[str, ...]:
        return tuple(column.name for column in self.tables[table].keys)

    def _files(self) -> list[Observation]:
        self.staged = staged.observe(self.candidate, self.catalog.published, self.store, self._judged)
        return self.staged.observations

    def _read(self, table: Table) -> list[Observation]:
        fresh = self.staged.fresh(table)
        judged = [file for file in self.manifest.published(table.name) if file in self._judged]
        compared = identities.told_of(table) | origins.told_of(table) | fits.told_of(table)
        rows = pl.lit(True) if fits.told_of(table) else identities.rows_told_of(table)
        kept = staged.read(self.candidate, table, judged, compared, rows)
        self.frames[table.name] = pl.concat([fresh.clear(), kept, fresh], how="diagonal", rechunk=False)
        if fresh.height or not kept.height:
            self.fresh[table.name] = fresh
        return []

    def _rules(self, name: str) -> list[Observation]:
        return rules.count(self.rules(name), self.fresh[name], self.key(name))

    def _identities(self) -> list[Observation]:
        filled = self._filled()
        fresh = {name: self.fresh[name] for name in filled if name in self.fresh}
        return identities.observe(self.tables, filled, self.watermark, fresh)

    def _filled(self) -> dict[str, pl.DataFrame]:
        return {name: frame for name, frame in self.frames.items() if frame.height or self.tables[name].may_be_empty}

    def _has_input(self, entry: Entry) -> bool:
        sources = [name for name in entry.table.sources if name in self.catalog]
        states = [name for name in entry.inputs if name in self.catalog]
        return any(self._rows("sources", name) for name in sources) and all(
            self._rows("states", name) for name in states
        )

    def _rows(self, layer: str, table: str) -> int:
        return sum(file.rows for file in self.manifest.of(layer, table))

    def of_source(self, entry: Entry) -> list[Observation]:
        name, bounds = entry.table.name, self.config.quality
        measured = profile.measure(entry, self.manifest, self.store, self.head)
        self.profiles[name] = measured
        rejected = Rejected(name, self.manifest, self.store)
        found = deliveries.observe(measured, rejected, self._rows("sources", name), bounds)
        if measured.days.height:
            found += volumes.observe(measured, bounds)
            found += volumes.freshness(measured, self.watermark, bounds)
        found += columns.observe(measured, bounds)
        found += values.observe(measured, bounds)
        if "customers" in self.config.sources and name in ("orders", "subscriptions"):
            known = profile.unknown_customers(name, measured, self.manifest, self.store)
            found += volumes.unknown(name, *known, bounds)
        if name == "subscriptions" and self.config.sources[name].shape == "periods":
            found += periods.overlapping(measured, self.manifest, self.store, bounds)
        if name == "events":
            found += roles.observe(self.config.roles, roles.played(self.manifest, self.store, self.config.roles))
        if name == "events" and "subscriptions" in self.catalog:
            found += periods.usage_before(measured, self.manifest, self.store, bounds)
        return found

    def _origins(self) -> list[Observation]:
        return origins.observe(self._filled(), self.profiles, self.manifest)

    def _changes(self, name: str, head: Manifest) -> list[Observation]:
        fresh = self.fresh.get(name, self.frames[name].clear())
        return changes.observe(self.tables[name], fresh, self.manifest, head, self.store, self.config.quality)

    def _weighed(self, one: Observation) -> Observation:
        """With the severity that the configuration gives the check, if any."""
        chosen = self.config.quality.severities.get(one.check)
        return replace(one, severity=chosen) if chosen in SEVERITIES else one

    def _try(self, check: str, table: str, measure: Callable[[], list[Observation]]) -> None:
        try:
            self.observations += [self._weighed(one) for one in measure()]
        except Exception as error:
            self.broken.append(failure(check, table, error))


def failure(check: str, table: str, error: Exception) -> Result:
    """The critical result of a check that raised."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    message = f"The check itself failed, so nothing is known: {reason}. Run again; if it stays, it is a defect."
    return Result(check, table, None, "critical", False, "not judged", "an answer", message)
