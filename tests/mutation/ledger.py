"""What became of the mutants of each module, kept beside the code: tests/mutation/results.json.

A module's entry names the text that was judged by its digest, so that a result cannot pass for that of another text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

PATH = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Judged:
    """One module: the digest of its text, how many mutants were tried, on how many random worlds beside the golden
    cases and the kept worlds, and the names of those that survived."""

    digest: str
    mutants: int
    worlds: int
    survivors: tuple[str, ...]


def read(path: Path = PATH) -> dict[str, Judged]:
    """By module, in the order of their names."""
    told = json.loads(path.read_text()) if path.exists() else {}
    return {
        name: Judged(one["digest"], one["mutants"], one["worlds"], tuple(one["survivors"]))
        for name, one in sorted(told.items())
    }


def enter(module: str, judged: Judged, path: Path = PATH) -> None:
    """Takes the place of what was known of the module."""
    whole = {**read(path), module: judged}
    path.write_text(json.dumps({name: asdict(whole[name]) for name in sorted(whole)}, indent=1) + "\n")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_of(judged: Judged | None, text: str) -> bool:
    return judged is not None and judged.digest == digest(text)


def others(judged: Mapping[str, Judged], modules: Mapping[str, Path]) -> tuple[list[str], list[str]]:
    """The modules that were never judged, and those whose text is another one now."""
    never = [name for name in modules if name not in judged]
    changed = [name for name in modules if name in judged and not is_of(judged[name], modules[name].read_text())]
    return never, changed
