"""The tests that hold a module of assets/ by itself, without a business: tests/metrics and tests/models.

They are run in this process, with whatever modules are in their places at the time.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests/metrics", "tests/models")
PACKAGES = tuple(folder.replace("/", ".") for folder in FOLDERS)
ARGUMENTS = ("-o", "addopts=", "--import-mode=importlib", "-x")
WITHOUT = ("cacheprovider", "terminal", "faulthandler")


@cache
def imports() -> dict[str, frozenset[str]]:
    """By the path of each such file, what it imports: modules, and names of modules that may be modules."""
    files = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("test_*.py"))
    return {str(path.relative_to(ROOT)): frozenset(_imported(path)) for path in files}


def fails(file: str) -> bool:
    """Whether a test of the file does; it is imported anew, so that it finds what is in place now."""
    ours = {name: module for name, module in sys.modules.items() if name.startswith(PACKAGES)}
    for name in ours:
        del sys.modules[name]
    try:
        return (
            pytest.main([str(ROOT / file), *ARGUMENTS, *(word for name in WITHOUT for word in ("-p", f"no:{name}"))])
            != pytest.ExitCode.OK
        )
    finally:
        for name in [name for name in sys.modules if name.startswith(PACKAGES)]:
            del sys.modules[name]
        sys.modules.update(ours)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
