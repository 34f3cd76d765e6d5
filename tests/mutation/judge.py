"""Whether a mutant is found out: a golden cell, a test of the module alone, a random world or a later range of one says
something else.

The mutated module takes the module's place in this process; what it cannot reach is not computed again.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import polars as pl

from pipelines.touched import day_of
from tests.golden import expecting
from tests.mutation import direct
from tests.mutation.businesses import Business, Computation
from tests.mutation.mutants import Mutant
from tests.oracle import compare
from warehouse import catalog
from warehouse.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
Report = Callable[[str], None]


def killer(
    mutant: Mutant, businesses: Sequence[Business], report: Report = lambda name: None, first: Sequence[str] = ()
) -> str | None:
    """The name of the first test that finds the mutant out, None where it survives all of them.

    `report` hears of each test before it begins; those named in `first` are tried first.
    """
    return _killer(mutant, businesses, report, lambda name: first.index(name) if name in first else len(first))


def fails(mutant: Mutant, businesses: Sequence[Business], test: str, report: Report = lambda name: None) -> str | None:
    """What the mutant does wrong in one test alone, by its name."""
    return _killer(mutant, businesses, report, lambda name: 0 if name == test else None)


def _killer(
    mutant: Mutant, businesses: Sequence[Business], report: Report, turn: Callable[[str], int | None]
) -> str | None:
    try:
        with in_place(mutant) as tables:
            tests = [(turn(name), name, test) for name, test in _tests(mutant, tables, businesses)]
            for _, name, test in sorted((one for one in tests if one[0] is not None), key=lambda one: one[0] or 0):
                report(name)
                if test():
                    return name
    except Exception as error:
        return f"it fails: {type(error).__name__}"
    return None


def _tests(mutant: Mutant, tables: Catalog, businesses: Sequence[Business]) -> Iterator[tuple[str, Callable[[], bool]]]:
    touched = {entry.table.name for entry in tables if _reaches(mutant, entry.module.__name__)}
    golden = [one for one in businesses if one.expected]
    whole = [one for one in businesses if not one.expected]
    for one in golden:
        yield one.name, lambda one=one: _misses_a_cell(Computation(one, tables, touched), one, tables)  # type: ignore[misc]
    for file, imported in direct.imports().items():
        if any(_reaches(mutant, name) for name in imported):
            yield file, partial(direct.fails, file)
    computations = {one.name: Computation(one, tables, touched) for one in whole}
    for one in whole:
        yield one.name, partial(_differs, computations[one.name], one)
    for one in whole:
        if one.later is not None:
            yield f"a later range of {one.name}", partial(_differs_later, computations[one.name], one, tables)
    for one in whole:
        yield f"what goes on of {one.name}", partial(_differs_going_on, computations[one.name], one, tables)


def _misses_a_cell(computation: Computation, business: Business, tables: Catalog) -> bool:
    """Whether a cell that was added up by hand comes out otherwise."""
    if not {one.table for one in business.expected} <= set(computation.names):
        return True
    frames: dict[str, pl.DataFrame] = {}
    for one in business.expected:
        if not computation.is_reached(one.table):
            continue
        if one.table not in frames:
            frames[one.table] = computation.published(one.table, business.of_metrics)
        if _is_equal(business.tables[one.table], frames[one.table]):
            continue
        if expecting.differences(one, frames[one.table], tables[one.table].table):
            return True
    return False


def _differs(computation: Computation, business: Business) -> bool:
    if sorted(computation.names) != sorted(business.tables):
        return True
    return any(
        not _is_equal(rows, computation.published(name, business.of_metrics))
        for name, rows in business.tables.items()
        if computation.is_reached(name)
    )


def _differs_later(computation: Computation, business: Business, tables: Catalog) -> bool:
    """Whether a range that begins later says something else of its days than all of history does."""
    later = business.later
    assert later is not None
    for name, rows in business.tables.items():
        if not computation.is_reached(name):
            continue
        table = tables[name].table
        expected = rows.filter(table.filed_by() >= later.first_day) if table.partitioning == "month" else rows
        if not _is_equal(expected, computation.published(name, later)):
            return True
    return False


def _differs_going_on(computation: Computation, business: Business, tables: Catalog) -> bool:
    """Whether a table made of its own published rows, or a state that goes on from its earlier ones, is another than
    the whole one."""
    for name, rows in business.tables.items():
        goes_on = tables[name].table.recalls is not None and computation.is_reached(name)
        if goes_on and (not _is_equal(rows, computation.again(name)) or computation.says_of_later_days(name)):
            return True
    served = tables.for_sources(business.configured)
    for name, rows in business.states.items():
        if name not in served or not tables[name].goes_on or not computation.is_reached(name):
            continue
        days = rows[day_of(tables[name].table)].unique().sort()
        for day in days.gather_every(max(1, len(days) // 3)):
            if any(not rows.equals(computation.from_a_day(name, day + timedelta(days=late))) for late in (0, 9)):
                return True
    return False


def _is_equal(expected: pl.DataFrame, got: pl.DataFrame) -> bool:
    return expected.schema == got.schema and compare.identical(expected, got)


@contextmanager
def in_place(mutant: Mutant) -> Iterator[Catalog]:
    """The catalog as it is with the mutant in the module's place; afterwards all is as before."""
    replaced = {name: module for name, module in sys.modules.items() if _reaches(mutant, name)}
    try:
        for name in replaced:
            del sys.modules[name]
        module = ModuleType(mutant.module)
        _put_in_place(mutant.module, module)
        exec(compile(mutant.text, mutant.module, "exec"), module.__dict__)
        yield catalog.load()
    finally:
        for name in [name for name in sys.modules if _reaches(mutant, name)]:
            del sys.modules[name]
        for name, original in replaced.items():
            _put_in_place(name, original)


def _put_in_place(name: str, module: ModuleType) -> None:
    """Both ways of importing it find it: `from package.module import ...` and `from package import module`."""
    package, _, last = name.rpartition(".")
    sys.modules[name] = module
    setattr(importlib.import_module(package), last, module)


def _reaches(mutant: Mutant, module: str) -> bool:
    """Whether the module may work otherwise: a turn inside of a function changes no constant that is written out."""
    return mutant.module in closure(module, with_constants=mutant.where == "module")


@cache
def closure(name: str, *, with_constants: bool = True) -> frozenset[str]:
    """A module under assets/ and all that it imports from there, directly or not; empty for any other module."""
    if _path(name) is None:
        return frozenset()
    imported = {
        node.module
        for node in ast.walk(_parsed(name))
        if isinstance(node, ast.ImportFrom) and node.module
        if with_constants or not {alias.name for alias in node.names} <= _constants(node.module)
    }
    return frozenset({name}).union(*(closure(one, with_constants=with_constants) for one in imported))


@cache
def _constants(name: str) -> frozenset[str]:
    """The names of a module under assets/ whose values are written out, without a call."""
    if _path(name) is None:
        return frozenset()
    return frozenset(
        target.id
        for node in _parsed(name).body
        if isinstance(node, ast.Assign) and not any(isinstance(one, ast.Call) for one in ast.walk(node.value))
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    )


@cache
def _parsed(name: str) -> ast.Module:
    path = _path(name)
    assert path is not None
    return ast.parse(path.read_text())


def _path(name: str) -> Path | None:
    path = ROOT / f"{name.replace('.', '/')}.py"
    return path if name.startswith("assets.") and path.exists() else None


def modules() -> Mapping[str, Path]:
    """The modules that are mutated: those that states and metric tables are computed with. The contracts of the sources
    and the models are judged by tests of their own."""
    paths = (path for path in sorted((ROOT / "assets").rglob("*.py")) if path.name != "__init__.py")
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name: path for name, path in named.items() if not name.startswith(("assets.sources.", "assets.models."))}
