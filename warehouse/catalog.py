"""Finds every table under assets/: the only registry there is. Adding a file adds a table.

What a table means is in its own file; who computes it and when is not known here.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from warehouse.settings import Settings
from warehouse.table import Layer, Remembered, Table

LAYERS: tuple[Layer, ...] = ("sources", "states", "metrics", "histories")
COMPUTE = {"states": "build", "metrics": "measure"}
ALL_SHARDS = "all_"
IS_SURE = "is_sure"
ASSETS = Path(__file__).resolve().parent.parent / "assets"


@dataclass(frozen=True, slots=True)
class Entry:
    """A table with the module that declares it.

    `parameters` are those of its compute function: names of tables of the same shard, or `all_` and a name for a table
    across all shards. `inputs` are the names of the tables.
    """

    table: Table
    module: ModuleType
    parameters: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(name.removeprefix(ALL_SHARDS) for name in self.parameters)

    @property
    def compute(self) -> Callable[..., Any]:
        return getattr(self.module, COMPUTE[self.table.layer])  # type: ignore[no-any-return]

    def computed(self, frames: Mapping[str, pl.LazyFrame], settings: Settings) -> pl.LazyFrame:
        """What the function of the table makes of the rows of its parameters, of which it gets what it `reads`."""
        told = {"settings": settings} if "settings" in inspect.signature(self.compute).parameters else {}
        read = {name: self.reads[name](rows, settings) if name in self.reads else rows for name, rows in frames.items()}
        rows: pl.LazyFrame = self.compute(**read, **told)
        return rows

    @property
    def finish(self) -> Callable[..., Any] | None:
        """What a metric table does once all shards are added up, if anything."""
        return getattr(self.module, "finish", None)

    @property
    def carried(self) -> Callable[..., Any] | None:
        """What is still to be known of published rows, as `measure` returned it: of a table that is one file those
        that stay as they are; of one by month, from the files before the range's first month, what later ones go on
        from."""
        return getattr(self.module, "carried", None)

    @property
    def measured(self) -> Callable[..., Any] | None:
        """Of a table whose `finish` adds to the rows: published rows as `measure` returned them, the rest left out."""
        return getattr(self.module, "measured", None)

    @property
    def goes_on(self) -> bool:
        """Of a state whose rows follow from facts before their day: whether what is built from `first_day` on are the
        rows after it, to be put beside the earlier ones."""
        return getattr(self.module, "GOES_ON", False)

    @property
    def amended(self) -> Callable[..., Any] | None:
        """Of a state by month: the rows of some persons from those they had and from what `build` makes of the rows of
        its sources that went and that came, each alone; IS_SURE says whether a row follows from these."""
        return getattr(self.module, "amended", None)

    @property
    def remembered(self) -> Mapping[str, Remembered]:
        """Of a state whose own rows say what it has to know of an input's rows before a day: what, by parameter."""
        return getattr(self.module, "REMEMBERED", {})

    @property
    def reads(self) -> Mapping[str, Callable[[pl.LazyFrame, Settings], pl.LazyFrame]]:
        """Of a table that sees of an input's rows, each by itself, only something: what, by parameter, in any range of
        days. It gets no more. Of states a metric table sees some rows, as they are."""
        return getattr(self.module, "READS", {})

    @property
    def is_combined(self) -> bool:
        """Whether a metric table has no measures of its own and is made from others by `finish` alone."""
        return self.table.layer == "metrics" and not hasattr(self.module, COMPUTE["metrics"])

    @property
    def references(self) -> tuple[str, ...]:
        """The unsharded sources, whole states and published metric tables that `finish` takes besides the rows."""
        parameters = inspect.signature(self.finish).parameters if self.finish else ()
        return tuple(name for name in parameters if name not in ("rows", "settings"))


class Catalog:
    """The tables of a warehouse, each layer in an order in which it can be computed."""

    def __init__(self, entries: Iterable[Entry], folder: Path | None = None) -> None:
        self.folder = folder
        named = {entry.table.name: entry for entry in entries}
        order = TopologicalSorter(
            {
                name: [one for one in sorted((*entry.inputs, *entry.references)) if one in named]
                for name, entry in sorted(named.items())
            }
        ).static_order()
        self._entries = {name: named[name] for name in order}

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def layer(self, layer: Layer) -> Mapping[str, Entry]:
        return {name: entry for name, entry in self._entries.items() if entry.table.layer == layer}

    @property
    def sources(self) -> Mapping[str, Entry]:
        return self.layer("sources")

    @property
    def states(self) -> Mapping[str, Entry]:
        return self.layer("states")

    @property
    def metrics(self) -> Mapping[str, Entry]:
        return self.layer("metrics")

    @property
    def histories(self) -> Mapping[str, Entry]:
        return self.layer("histories")

    @property
    def published(self) -> Mapping[str, Table]:
        """The tables that a release holds."""
        return {name: entry.table for name, entry in {**self.metrics, **self.histories}.items()}

    def for_sources(self, configured: Iterable[str]) -> Catalog:
        """The tables that can be computed from the configured sources alone."""
        known = set(configured)
        kept = [
            entry
            for entry in self._entries.values()
            if (entry.table.name in known if entry.table.layer == "sources" else _is_served(entry.table, known))
        ]
        return Catalog(kept, self.folder)


def _is_served(table: Table, configured: set[str]) -> bool:
    return not table.sources or bool(configured & set(table.sources))


def load(folder: Path | None = None) -> Catalog:
    """Every module with a `table` under the folder (default: assets/), imported once."""
    root = folder or ASSETS
    modules = (
        _import(path, layer, root)
        for layer in LAYERS
        for path in sorted((root / layer).glob("*.py"))
        if not path.name.startswith("_")
    )
    return Catalog((_entry(module) for module in modules if isinstance(getattr(module, "table", None), Table)), folder)


def _import(path: Path, layer: str, root: Path) -> ModuleType:
    if root == ASSETS:
        return importlib.import_module(f"assets.{layer}.{path.stem}")
    name = f"_tables_{abs(hash(root))}_{layer}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _entry(module: ModuleType) -> Entry:
    table: Table = module.table
    if table.layer not in COMPUTE:
        return Entry(table, module, ())
    compute = getattr(module, COMPUTE[table.layer], None)
    if compute is None:
        return Entry(table, module, ())
    names = (name for name in inspect.signature(compute).parameters if name != "settings")
    return Entry(table, module, tuple(names))
