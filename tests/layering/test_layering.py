"""The rules of who may import whom and do what; each has broken a warehouse somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("assets", "warehouse", "quality", "pipelines")
MAY_IMPORT = {
    "assets": {"assets", "warehouse"},
    "warehouse": {"assets", "warehouse"},
    "quality": {"assets", "warehouse", "quality"},
    "pipelines": set(LAYERS),
}
WAREHOUSE_IN_ASSETS = {"warehouse.table", "warehouse.settings"}
PURE_LIBRARY = {"__future__", "collections.abc", "dataclasses", "datetime", "decimal", "functools", "polars", "typing"}
MODELS = "assets/models/"
NUMERICS_IN = {MODELS: {"numpy", "scipy"}, "assets/kernels/": {"numpy"}}
IMPURE_CALLS = ("open", "print", "now", "today", "utcnow", "getenv")
IMPURE_STARTS = ("read_", "scan_", "sink_", "write_")


def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported module, and whether at the top of the file."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"{module}.{alias.name}" if module in LAYERS else module for alias in node.names]
        yield from ((name, node in tree.body) for name in names)


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_left(layer: str) -> None:
    wrong = {
        f"{_where(path)} imports {name}"
        for path in _files(layer)
        for name, _ in _imports(path)
        if name.split(".")[0] in LAYERS and name.split(".")[0] not in MAY_IMPORT[layer]
    }
    assert not wrong


def test_nothing_is_exported_as_csv() -> None:
    """A cell that begins with = is a formula to a spreadsheet; Parquet and text have no formulas. The demo only makes
    what is delivered."""
    writes = re.compile(r"(write|sink|to)_csv|csv\.(Dict)?[wW]riter|FORMAT CSV", re.IGNORECASE)
    files = [path for layer in LAYERS for path in _files(layer) if "pipelines/demo" not in path.as_posix()]
    assert [_where(path) for path in files if writes.search(path.read_text())] == []


def test_only_pipelines_imports_dagster() -> None:
    importers = {
        _where(p) for layer in LAYERS for p in _files(layer) for name, _ in _imports(p) if _is(name, "dagster")
    }
    assert importers
    assert all(path.startswith("pipelines/") for path in importers)


def test_only_expectations_imports_great_expectations_and_only_when_called() -> None:
    found = [
        (_where(path), at_top)
        for layer in LAYERS
        for path in _files(layer)
        for name, at_top in _imports(path)
        if _is(name, "great_expectations")
    ]
    assert {path for path, _ in found} == {"quality/expectations.py"}
    assert not any(at_top for _, at_top in found)


def test_assets_import_polars_the_table_words_and_settings_only() -> None:
    wrong = {
        f"{_where(path)} imports {name}"
        for path in _files("assets")
        for name, _ in _imports(path)
        if not (name.startswith("assets.") or name in PURE_LIBRARY or _two(name) in WAREHOUSE_IN_ASSETS)
        if not any(
            _where(path).startswith(folder) and name.split(".")[0] in names for folder, names in NUMERICS_IN.items()
        )
    }
    assert not wrong


def test_only_models_compute_with_scipy_and_only_when_called() -> None:
    found = [
        (_where(path), at_top)
        for layer in LAYERS
        for path in _files(layer)
        for name, at_top in _imports(path)
        if _is(name, "scipy")
    ]
    assert found
    assert all(path.startswith(MODELS) and not at_top for path, at_top in found)


def test_assets_do_no_input_output_and_read_no_clock() -> None:
    wrong = {
        f"{_where(path)}:{node.lineno} calls {name}"
        for path in _files("assets")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if name in IMPURE_CALLS or name.startswith(IMPURE_STARTS)
    }
    assert not wrong


@pytest.mark.parametrize("layer", LAYERS)
def test_the_package_is_the_repository_s_own(layer: str) -> None:
    spec = find_spec(layer)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / layer / "__init__.py"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_module_says_what_belongs_in_it(layer: str) -> None:
    silent = [_where(path) for path in _files(layer) if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [_where(path) for layer in LAYERS for path in _files(layer) if drawers & set(path.with_suffix("").parts)]


def test_a_run_without_news_loads_nothing_heavy() -> None:
    script = (
        "import sys, pipelines.cli, pipelines.commands, pipelines.run, pipelines.news\n"
        "pipelines.cli.build_parser()\n"
        "print([name for name in ('dagster', 'great_expectations', 'duckdb', 'pandas') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def _is(name: str, package: str) -> bool:
    return name == package or name.startswith((f"{package}.", f"{package}_"))


def _two(name: str) -> str:
    return ".".join(name.split(".")[:2])
