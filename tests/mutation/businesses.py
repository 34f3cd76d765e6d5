"""Small businesses taken in once and kept in memory, and every state and table computed from them at will.

They are the golden cases and the random worlds that the tests run. What a table should say of them is what the product
says as it is (the tests hold that to be right); here it is only computed, with the rows of every input shuffled.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from pipelines import days, forward, ingest, inputs
from pipelines.parts import layer_of, scan_rows
from pipelines.touched import day_of
from pipelines.workspace import Workspace
from tests.golden import cases
from tests.golden.cases import Expectation
from tests.oracle import kept, rawfiles, worlds
from tests.oracle.worlds import World
from warehouse import catalog, codes, config, reduction
from warehouse.catalog import ALL_SHARDS, Catalog, Entry
from warehouse.draft import Draft
from warehouse.releases import Releases
from warehouse.settings import Settings
from warehouse.store import Store

LONG_AFTER = date(2100, 1, 1)


@dataclass
class Business:
    """Sources in memory, what is asked for, and the states and tables as the product makes them.

    `expected` are the cells of a golden case; without them every cell counts.
    """

    name: str
    configured: frozenset[str]
    shards: int
    of_states: Settings
    of_metrics: Settings
    sources: dict[str, pl.DataFrame]
    expected: tuple[Expectation, ...] = ()
    states: dict[str, pl.DataFrame] = field(default_factory=dict)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def later(self) -> Settings | None:
        """The range from the middle one of its months on; None where all is one month."""
        first, last = self.of_metrics.first_day, self.of_metrics.last_day
        months = sorted({(first + timedelta(days=n)).replace(day=1) for n in range((last - first).days + 1)})
        return replace(self.of_metrics, first_day=months[len(months) // 2]) if len(months) > 1 else None


class Computation:
    """The states and tables of a business by one catalog; what `touched` tables do not reach is taken as it was."""

    def __init__(self, business: Business, tables: Catalog, touched: Collection[str] | None = None) -> None:
        self._business, self._catalog, self._touched = business, tables, touched
        self._known: dict[str, pl.DataFrame] = {}

    @property
    def names(self) -> list[str]:
        return list(self._catalog.for_sources(self._business.configured).metrics)

    def is_reached(self, name: str) -> bool:
        """Whether a table may have come out otherwise than before."""
        if self._touched is None:
            return True
        return name in self._touched or any(self._is_changed(one) for one in self._catalog[name].inputs)

    def published(self, name: str, settings: Settings) -> pl.DataFrame:
        """The table for the range of the settings; of cells that are carried on, those before it are as before."""
        entry = self._catalog[name]
        rows = pl.LazyFrame() if entry.is_combined else self._measured(entry, settings)
        return self._published(entry, rows, settings)

    def again(self, name: str) -> pl.DataFrame:
        """The table from its own published rows, as a new day goes on from them."""
        entry = self._catalog[name]
        settings = self._business.of_metrics
        rows = forward.as_measured(entry, self._shuffled(self._business.tables[name]), settings)
        return self._published(entry, rows.lazy(), settings)

    def says_of_later_days(self, name: str) -> bool:
        """Whether the measure of a range that ends earlier returns rows of days after it: what persons counted there
        would be taken off the published rows, which do not have it."""
        entry, settings = self._catalog[name], self._business.of_metrics
        last_day = settings.first_day + (settings.last_day - settings.first_day) // 2
        rows = self._measured(entry, replace(settings, last_day=last_day))
        if "date" not in rows.collect_schema():
            return False
        return not rows.filter(pl.col("date") > last_day).collect().is_empty()

    def _published(self, entry: Entry, rows: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
        references = {one: self._shuffled(self._reference(one)) for one in entry.references}
        return reduction.published(entry, rows, settings, references)

    def _measured(self, entry: Entry, settings: Settings) -> pl.LazyFrame:
        parts = [self._computed(entry, shard, settings).collect() for shard in range(self._business.shards)]
        if entry.carried is not None and settings != self._business.of_metrics:
            published, is_by_month = self._business.tables[entry.table.name].lazy(), entry.table.partitioning == "month"
            before = published.filter(entry.table.filed_by() < settings.first_day) if is_by_month else published
            carried = entry.carried(before, settings)
            parts.append(reduction.as_measured(entry.table, carried).collect())
        return pl.concat(parts, how="diagonal").lazy()

    def _reference(self, name: str) -> pl.DataFrame:
        """A source, or another metric table as the product makes it: a mutant of that one is found out there."""
        if name not in self._catalog.metrics:
            return self.rows(name)
        return self._business.tables.get(name, pl.DataFrame(schema=self._catalog[name].table.polars_schema()))

    def from_a_day(self, name: str, since: date) -> pl.DataFrame:
        """A state as the product makes it up to a day, continued by what is built from that day on."""
        entry, whole = self._catalog[name], self._business.states[name]
        assert entry.goes_on
        earlier = whole.lazy().filter(pl.col(day_of(entry.table)) <= since)
        built = self._computed(entry, None, replace(self._business.of_states, first_day=since))
        order = [column.name for column in entry.table.grain]
        return pl.concat([earlier, built.select(whole.columns)]).sort(order).collect()

    def rows(self, name: str) -> pl.DataFrame:
        """A source as it was taken in, or a state."""
        if name not in self._known:
            self._known[name] = self._business.sources[name] if self._is_source(name) else self._state(name)
        return self._known[name]

    def _is_source(self, name: str) -> bool:
        return name in self._business.sources

    def _is_changed(self, name: str) -> bool:
        if self._is_source(name) or not self.is_reached(name):
            return False
        return not self.rows(name).equals(self._business.states[name])

    def _state(self, name: str) -> pl.DataFrame:
        if not self.is_reached(name):
            return self._business.states[name]
        entry = self._catalog[name]
        if name not in self._catalog.for_sources(self._business.configured):
            return pl.DataFrame(schema={**entry.table.polars_schema(), "shard": pl.UInt16})
        settings = self._business.of_states
        order = [column.name for column in entry.table.grain]
        if order[0] == "shard":
            months = self._months(entry) if entry.table.partitioning == "shard/month" else [None]
            return pl.concat(self._computed(entry, None, settings, month).sort(order).collect() for month in months)
        parts = [
            self._computed(entry, shard, settings).with_columns(shard=pl.lit(shard, pl.UInt16)).sort(order).collect()
            for shard in range(self._business.shards)
        ]
        return pl.concat(parts)

    def _months(self, entry: Entry) -> list[date | None]:
        """The months in which an input has rows, the first days of them; None where there is no row."""
        days = pl.concat([self.rows(table).select(pl.col("day").dt.month_start()) for table in entry.inputs])
        return [*days["day"].unique().sort()] or [None]

    def _computed(self, entry: Entry, shard: int | None, settings: Settings, month: date | None = None) -> pl.LazyFrame:
        frames = {
            parameter: self._input(entry, parameter, table, shard, settings, month)
            for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
        }
        result = entry.computed(frames, settings)
        if entry.table.layer == "metrics":
            return result
        return result.select(pl.col(column.name).cast(column.dtype) for column in entry.table.all_columns)

    def _input(
        self,
        entry: Entry,
        parameter: str,
        table: str,
        shard: int | None,
        settings: Settings,
        month: date | None,
    ) -> pl.LazyFrame:
        rows = self._shuffled(self.rows(table))
        if month is not None:
            rows = rows.filter(pl.col("day").dt.month_start() == month)
        if shard is not None and not parameter.startswith(ALL_SHARDS):
            rows = rows.filter(pl.col("shard") == shard)
        if entry.table.look_back_days is None or not self._is_by_month(table):
            return rows
        return rows.filter(
            pl.col("day") >= (settings.first_day - timedelta(days=entry.table.look_back_days)).replace(day=1)
        )

    def _is_by_month(self, table: str) -> bool:
        return not self._is_source(table) and self._catalog[table].table.partitioning == "shard/month"

    def _shuffled(self, rows: pl.DataFrame) -> pl.LazyFrame:
        return rows.sample(fraction=1, shuffle=True, seed=7).lazy()


def everything(seeds: Iterable[int]) -> Iterator[tuple[bytes, Callable[[], Business]]]:
    """Every golden case, every kept world and the random worlds of the seeds: what tells it from others, and what makes
    it, with its states and tables."""
    for path in cases.paths():
        yield path.read_bytes(), partial(_of_case, path)
    for path in sorted(kept.FOLDER.glob("*.json")):
        yield path.read_bytes(), partial(_of_kept_world, path)
    for seed in seeds:
        yield f"world {seed}".encode(), partial(_of_world, seed)


def _of_case(path: Path) -> Business:
    case = cases.read(path)
    return computed(taken_in(case.name, case.world, case.expected))


def _of_kept_world(path: Path) -> Business:
    return computed(taken_in(f"kept world {path.stem}", kept.read(path)))


def _of_world(seed: int) -> Business:
    return computed(taken_in(f"world {seed}", worlds.world(seed)))


def taken_in(name: str, world: World, expected: tuple[Expectation, ...] = ()) -> Business:
    with tempfile.TemporaryDirectory() as folder:
        configuration = config.load(rawfiles.write(world, Path(folder)))
        store = Store(configuration.home)
        draft = Draft.open_or_create(configuration.home, "mutation", None)
        whole = catalog.load()
        served = whole.for_sources(configuration.sources)
        workspace = Workspace(configuration, served, store, draft, Releases(configuration.home), lambda line: None)
        for source in configuration.sources:
            ingest.take_in(workspace, source)
        names = {name for entry in whole for name in (*entry.inputs, *entry.references)}
        sources = {
            name: scan_rows(store, whole, name, draft.files("sources", name).values()).collect()
            for name in sorted(names)
            if name == codes.TABLE or layer_of(whole, name) == "sources"
        }
        return Business(
            name=name,
            configured=frozenset(configuration.sources),
            shards=configuration.shards,
            of_states=inputs.settings_of(workspace, inputs.WHOLE_HISTORY),
            of_metrics=inputs.settings_of(workspace, days.find_range(workspace, world.date, LONG_AFTER)),
            sources=sources,
            expected=expected,
        )


def computed(business: Business) -> Business:
    """The business with its states and tables as the product makes them; of a golden case those that it is about."""
    whole = catalog.load()
    computation = Computation(business, whole)
    business.states = {name: computation.rows(name) for name in whole.states}
    asked = {one.table for one in business.expected} or set(computation.names)
    read = {reference for name in asked for reference in whole[name].references}
    for name in [name for name in computation.names if name in asked | read]:
        business.tables[name] = computation.published(name, business.of_metrics)
    return business
