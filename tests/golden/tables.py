"""Computes published tables in memory from raw rows: the real ingest, then every state and table as a run would.

No job, no gate, no release: shard by shard as pipelines/build.py does, without its files.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pipelines import days, ingest, inputs
from pipelines.parts import layer_of, scan_rows
from pipelines.workspace import Workspace
from tests.oracle import rawfiles
from tests.oracle.worlds import World
from warehouse import catalog, config, reduction
from warehouse.catalog import ALL_SHARDS, Entry
from warehouse.draft import Draft
from warehouse.releases import Releases
from warehouse.settings import Settings
from warehouse.store import Store

LONG_AFTER = date(2100, 1, 1)


class Tables:
    """The tables of one small world; what several of them need is computed once."""

    def __init__(self, world: World, folder: Path) -> None:
        configuration = config.load(rawfiles.write(world, folder))
        store = Store(configuration.home)
        draft = Draft.open_or_create(configuration.home, "golden", None)
        self._catalog = catalog.load()
        served = self._catalog.for_sources(configuration.sources)
        self.names = tuple(served.metrics)
        self._workspace = Workspace(
            configuration, served, store, draft, Releases(configuration.home), lambda line: None
        )
        for source in configuration.sources:
            ingest.take_in(self._workspace, source)
        span = days.find_range(self._workspace, world.date, LONG_AFTER)
        self._of_states = inputs.settings_of(self._workspace, inputs.WHOLE_HISTORY)
        self._of_metrics = inputs.settings_of(self._workspace, span)
        self._shards = range(configuration.shards)
        self._known: dict[str, pl.LazyFrame] = {}

    def published(self, name: str) -> pl.DataFrame:
        """A metric table, every day from the first one with data."""
        entry = self._catalog[name]
        settings = self._of_metrics
        references = {one: self._rows(one) for one in entry.references}
        if entry.is_combined:
            return reduction.published(entry, pl.LazyFrame(), settings, references)
        rows = pl.concat([self._computed(entry, shard, settings) for shard in self._shards], how="diagonal")
        return reduction.published(entry, rows.collect().lazy(), settings, references)

    def _rows(self, name: str) -> pl.LazyFrame:
        if name not in self._known:
            layer = layer_of(self._catalog, name)
            made = {"sources": self._source, "metrics": self._metric}.get(layer, self._state)
            self._known[name] = made(name)
        return self._known[name]

    def _source(self, name: str) -> pl.LazyFrame:
        files = self._workspace.draft.files("sources", name).values()
        return scan_rows(self._workspace.store, self._catalog, name, files).collect().lazy()

    def _metric(self, name: str) -> pl.LazyFrame:
        schema = self._catalog[name].table.polars_schema()
        return self.published(name).lazy() if name in self.names else pl.LazyFrame(schema=schema)

    def _state(self, name: str) -> pl.LazyFrame:
        entry = self._catalog[name]
        if entry.table.grain[0].name == "shard":
            return self._computed(entry, None, self._of_states).collect().lazy()
        parts = [
            self._computed(entry, shard, self._of_states).with_columns(shard=pl.lit(shard, pl.UInt16))
            for shard in self._shards
        ]
        return pl.concat(parts).collect().lazy()

    def _computed(self, entry: Entry, shard: int | None, settings: Settings) -> pl.LazyFrame:
        """What the table's function makes of its inputs, for a state in its declared columns."""
        frames = {
            parameter: self._input(parameter, table, shard)
            for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
        }
        result = entry.computed(frames, settings)
        if entry.table.layer == "metrics":
            return result
        return result.select(pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns)

    def _input(self, parameter: str, table: str, shard: int | None) -> pl.LazyFrame:
        rows = self._rows(table)
        return rows if shard is None or parameter.startswith(ALL_SHARDS) else rows.filter(pl.col("shard") == shard)
