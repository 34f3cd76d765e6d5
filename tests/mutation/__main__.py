"""`python -m tests.mutation [MODULE ...]`: which mutants of assets/ no test finds out.

Results are kept under build/mutation, and --page writes docs/mutation.md from them. Ends with 1 where a mutant survives
that equivalent.yaml does not explain.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutation import page
from tests.mutation.bench import Bench
from tests.mutation.businesses import everything
from tests.mutation.judge import ROOT, modules
from tests.mutation.mutants import mutants

RESULTS = ROOT / "build" / "mutation"
SEEDS = range(int(os.environ.get("HOLDFAST_WORLDS", "25")))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="assets.steps, ... (default: all)")
    parser.add_argument("--page", action="store_true", help="write docs/mutation.md from the results there are")
    parser.add_argument("--again", action="store_true", help="try only what survived the last time")
    asked = parser.parse_args(arguments)
    if not asked.page:
        bench = Bench(_prepared())
        for name in asked.modules or modules():
            _run(bench, name, only_survivors=asked.again)
        bench.close()
    else:
        page.write(results(), modules())
    left = page.unexplained(results())
    for name, mutant in left:
        print(f"survives: {name}: {mutant}")
    return 1 if left else 0


def results() -> dict[str, dict[str, str | None]]:
    """For each module that was tried, its mutants by name and what killed them; None of those that survived."""
    return {name: json.loads(_result(name).read_text()) for name in modules() if _result(name).exists()}


def _result(module: str) -> Path:
    return RESULTS / f"{module}.json"


def _run(bench: Bench, module: str, *, only_survivors: bool) -> None:
    known = json.loads(_result(module).read_text()) if _result(module).exists() else {}
    found: dict[str, str | None] = {}
    for mutant in mutants(module, modules()[module].read_text()):
        is_settled = only_survivors and known.get(mutant.name) is not None
        found[mutant.name] = known[mutant.name] if is_settled else bench.killer(mutant)
        if found[mutant.name] is None:
            print(f"  {module}:{mutant.line} {mutant.name}", flush=True)
    _result(module).write_text(json.dumps(found, indent=1) + "\n")
    survivors = sum(by is None for by in found.values())
    print(f"{module}: {len(found)} mutants, {survivors} survive", flush=True)


def _prepared() -> list[Path]:
    """The businesses as the product computes them, each kept until its case or any code changes."""
    folder = RESULTS / "businesses"
    folder.mkdir(parents=True, exist_ok=True)
    code, paths = _code(), []
    for told, made in everything(SEEDS):
        paths.append(folder / f"{hashlib.sha256(code + told).hexdigest()}.pickle")
        if not paths[-1].exists():
            paths[-1].write_bytes(pickle.dumps(made()))
    for outdated in set(folder.iterdir()) - set(paths):
        outdated.unlink()
    return paths


def _code() -> bytes:
    """A digest of all that a business is taken in and computed with."""
    code = hashlib.sha256()
    for folder in ("assets", "warehouse", "pipelines", "tests/golden", "tests/oracle"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            code.update(path.read_bytes())
    return code.digest()


if __name__ == "__main__":
    sys.exit(main())
