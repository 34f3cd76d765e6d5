"""`python -m tests.mutation [MODULE ...]`: which mutants of assets/ no test finds out.

What is found is entered in results.json, and --page writes docs/mutation.md from that. Ends with 1 where a mutant
survives that equivalent.yaml does not explain, or where a module fails a test as it is, so that it cannot be judged.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tests.mutation import ledger, page
from tests.mutation.bench import Bench, Unsound
from tests.mutation.businesses import everything
from tests.mutation.judge import ROOT, modules
from tests.mutation.ledger import Judged
from tests.mutation.mutants import mutants, unchanged
from warehouse.errors import SourceError

BUSINESSES = ROOT / "build" / "mutation" / "businesses"
KILLERS = ROOT / "build" / "mutation" / "killers.json"
SEEDS = range(int(os.environ.get("HOLDFAST_WORLDS", "25")))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="assets.steps, ... (default: all)")
    parser.add_argument("--page", action="store_true", help="write docs/mutation.md from results.json")
    parser.add_argument("--again", action="store_true", help="try only what survived the last time without a reason")
    asked = parser.parse_args(arguments)
    if asked.page:
        page.write(ledger.read(), modules())
        return 0
    pl.Config.set_engine_affinity("in-memory")  # a fourth of the time on frames this small
    bench = Bench(_prepared(), KILLERS)
    refused = [name for name in asked.modules or modules() if not _run(bench, name, only_survivors=asked.again)]
    bench.close()
    left = page.unexplained(ledger.read())
    for name, mutant in left:
        print(f"survives: {name}: {mutant}")
    return 1 if left or refused else 0


def _run(bench: Bench, module: str, *, only_survivors: bool) -> bool:
    """Whether the module could be judged: a test that fails as it is would kill every mutant."""
    text = modules()[module].read_text()
    known = ledger.read().get(module)
    settled = known if only_survivors and ledger.is_of(known, text) else None
    original, tried, survivors = unchanged(module, text), mutants(module, text), []
    told = page.explained(module) if settled else set()
    for mutant in tried:
        if settled is not None and mutant.name not in settled.survivors:
            continue
        if mutant.name in told:
            survivors.append(mutant.name)
            continue
        try:
            by = bench.killer(mutant, original)
        except Unsound as reason:
            print(f"not judged: {reason}", flush=True)
            return False
        bench.remember()
        if by is None:
            survivors.append(mutant.name)
            print(f"  {module}:{mutant.line} {mutant.name}", flush=True)
    worlds = min(len(SEEDS), settled.worlds) if settled else len(SEEDS)
    ledger.enter(module, Judged(ledger.digest(text), len(tried), worlds, tuple(survivors)))
    print(f"{module}: {len(tried)} mutants, {len(survivors)} survive", flush=True)
    return True


def _prepared() -> list[Path]:
    """The businesses as the product computes them, each kept until its case or any code changes."""
    BUSINESSES.mkdir(parents=True, exist_ok=True)
    code, paths = _code(), []
    for told, made in everything(SEEDS):
        path = BUSINESSES / f"{hashlib.sha256(code + told).hexdigest()}.pickle"
        if not path.exists():
            try:
                path.write_bytes(pickle.dumps(made()))
            except SourceError:  # not one day of it is over
                continue
        paths.append(path)
    for outdated in set(BUSINESSES.iterdir()) - set(paths):
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
