"""Which code made a release, and by which a file was read."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def code_version() -> str:
    """For example `0.1.0+1f2e3d4c5b6a`; changes whenever a file under assets/ does."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("holdfast")
    except PackageNotFoundError:
        release = "0"
    return f"{release}+{_digest('assets')}"


@cache
def program_version() -> str:
    """Changes whenever code of Holdfast does, or a library that reads files: the same bytes may be other rows then."""
    from importlib.metadata import version

    told = [_digest(package) for package in ("assets", "pipelines", "quality", "warehouse")]
    return hashlib.sha256(" ".join([*told, *map(version, ("polars", "pyarrow"))]).encode()).hexdigest()[:12]


def _digest(package: str) -> str:
    spec = find_spec(package)
    digest = hashlib.sha256()
    for root in sorted(map(Path, (spec.submodule_search_locations or ()) if spec else ())):
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
